"""From logits to probabilities and a threshold, and how far probabilities can be trusted.

Calibrator and threshold are settled on predictions that training did not choose by: out of fold (`folds.out_of_fold`)
where a set is small, else on the second half of val (`folds.second_half`), which early stopping never sees.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from kit.figures import of_rows, threshold_at_sensitivity, threshold_at_specificity
from kit.intervals import DRAWS
from kit.json_file import rounded
from kit.scored import Floats, Labels, Scored

BINS = 10
THRESHOLD_DIGITS = 1000  # a threshold is written in thousandths


@dataclass(frozen=True)
class Platt:
    """probability = sigmoid(slope * logit + intercept), as the manifest defines it (Platt 1999)."""

    slope: float
    intercept: float

    @classmethod
    def of(cls, output: Mapping[str, Any]) -> Platt:
        """That of one of a manifest's outputs."""
        return cls(output["calibration"]["slope"], output["calibration"]["intercept"])

    def log_odds(self, logits: Floats) -> Floats:
        return self.slope * logits + self.intercept

    def __call__(self, logits: Floats) -> Floats:
        """[N] logits -> [N] probabilities."""
        return expit(self.log_odds(logits))


def logistic_line(truth: Labels, logits: Floats) -> tuple[float, float] | None:
    """(slope, intercept) of truth on the logit by maximum likelihood.

    None where there is no maximum: one class is missing, or one threshold parts the classes entirely.
    """
    positive, negative = logits[truth == 1], logits[truth == 0]
    if min(len(positive), len(negative)) == 0 or negative.max() < positive.min() or positive.max() < negative.min():
        return None
    line = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-8).fit(logits[:, None], truth)
    return float(line.coef_[0, 0]), float(line.intercept_[0])


def settle(
    truth: Labels, logits: Floats, rule: Literal["sensitivity", "specificity"], wanted: float
) -> tuple[Platt, float]:
    """The calibrator, and the threshold on its probability that gives these rows at least `wanted` of the rule.

    Both are rounded to the digits of the manifest, the threshold towards keeping the rule. Raises ValueError where the
    rows allow no calibrator.
    """
    line = logistic_line(truth, logits)
    if line is None:
        raise ValueError("no line fits: a class is missing, or a threshold parts the classes entirely")
    platt = Platt(rounded(line[0]), rounded(line[1]))
    if rule == "sensitivity":
        threshold = threshold_at_sensitivity(truth, platt(logits), wanted)
        return platt, math.floor(threshold * THRESHOLD_DIGITS) / THRESHOLD_DIGITS
    threshold = threshold_at_specificity(truth, platt(logits), wanted)
    return platt, math.ceil(threshold * THRESHOLD_DIGITS) / THRESHOLD_DIGITS


def calibration(scored: Scored, draws: int = DRAWS) -> dict[str, Any]:
    """Brier score; slope and intercept of truth on the log odds (1 and 0 are perfect); expected calibration error.

    The error is never 0 for a finite set, so it stands beside what it would be if every probability were true.
    """
    log_odds = logit(np.clip(scored.score, 1e-9, 1 - 1e-9))

    def line(rows: np.ndarray, place: int) -> float | None:
        found = logistic_line(scored.truth[rows], log_odds[rows])
        return None if found is None else found[place]

    return {
        "brier": of_rows(scored, lambda rows: float(np.square(scored.score[rows] - scored.truth[rows]).mean()), draws),
        "slope": of_rows(scored, lambda rows: line(rows, 0), draws),
        "intercept": of_rows(scored, lambda rows: line(rows, 1), draws),
        "expectedCalibrationError": {
            "value": rounded(calibration_error(scored.truth, scored.score)),
            "ifPerfect": perfect_calibration_error(scored.score),
            "bins": BINS,
        },
    }


def calibration_error(truth: Labels, probability: Floats) -> float:
    """Expected calibration error over ten equally wide bins (Guo et al. 2017, https://arxiv.org/abs/1706.04599)."""
    return float(_errors(truth[None], probability)[0])


def perfect_calibration_error(probability: Floats, draws: int = 1000, seed: int = 0) -> dict[str, Any]:
    """{mean, range95} of the error of labels that are drawn from the probabilities themselves, each for itself."""
    drawn = np.random.default_rng(seed).random((draws, len(probability))) < probability
    errors = _errors(drawn, probability)
    return {"mean": rounded(errors.mean()), "range95": [rounded(bound) for bound in np.percentile(errors, [2.5, 97.5])]}


def _errors(truths: np.ndarray, probability: Floats) -> Floats:
    """[D,N] labels and [N] probabilities -> [D] errors."""
    place = np.minimum((probability * BINS).astype(int), BINS - 1)
    of_bin = (place[:, None] == np.arange(BINS)).astype(float)
    return np.abs((probability - truths) @ of_bin).sum(axis=1) / len(probability)
