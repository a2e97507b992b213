"""A three-way answer: positive, below the threshold, or so near to it that a human should look first.

How sure an answer is, is how far its log odds are from the threshold's (selective classification: Geifman and El-Yaniv
2017, https://arxiv.org/abs/1705.08500). A band is chosen on out-of-fold or val predictions and then held.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import expit, logit

from kit.figures import share_of_rows
from kit.folds import Places
from kit.intervals import DRAWS
from kit.json_file import rounded
from kit.scored import Floats, Scored

UNCERTAIN = (0.05, 0.1, 0.2)  # share of the answers a band sends to a human, where it is chosen


def _log_odds(probability: Floats | float) -> Floats:
    return logit(np.clip(probability, 1e-9, 1 - 1e-9))


def _distance(probability: Floats, threshold: float) -> Floats:
    return np.abs(_log_odds(probability) - _log_odds(threshold))


def bands(probability: Floats, threshold: float, uncertain: Sequence[float] = UNCERTAIN) -> list[float]:
    """For each share of [N] answers: the half width, in log odds, of the band around the threshold that holds it."""
    return [float(width) for width in np.quantile(_distance(probability, threshold), uncertain)]


def risk_coverage(scored: Scored, threshold: float, widths: Sequence[float], draws: int = DRAWS) -> dict[str, Any]:
    """For each band: which probabilities it holds, the share that is answered, and the share of those that is wrong.

    `area` is the mean error over every coverage, surest answers first: that of all where sureness tells nothing.
    """
    distance = _distance(scored.score, threshold)
    wrong = (scored.score >= threshold) != (scored.truth == 1)

    def area(rows: Places) -> float:
        surest = wrong[rows][np.argsort(-distance[rows], kind="stable")]
        return float((np.cumsum(surest) / np.arange(1, len(rows) + 1)).mean())

    return {
        "bands": [_band(scored, threshold, width, draws) for width in widths],
        "errorOfAll": share_of_rows(scored, lambda rows: float(wrong[rows].mean()), draws),
        "area": share_of_rows(scored, area, draws),
    }


def _band(scored: Scored, threshold: float, width: float, draws: int) -> dict[str, Any]:
    answered = _distance(scored.score, threshold) >= width
    wrong = (scored.score >= threshold) != (scored.truth == 1)

    def error(rows: Places) -> float | None:
        counted = rows[answered[rows]]
        return float(wrong[counted].mean()) if len(counted) else None

    low, high = expit(_log_odds(threshold) + np.array([-width, width]))
    return {
        "from": rounded(low),
        "to": rounded(high),
        "coverage": share_of_rows(scored, lambda rows: float(answered[rows].mean()), draws),
        "error": share_of_rows(scored, error, draws),
    }
