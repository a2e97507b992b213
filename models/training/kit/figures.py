"""Figures of a binary answer with intervals by patient. What is undefined is None with the reason, never a NaN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score

from kit.folds import Places
from kit.intervals import DRAWS, bootstrap, not_degenerate, share
from kit.json_file import rounded
from kit.scored import Floats, Labels, Scored

Function = Callable[[Labels, Floats], float | None]
Figure = dict[str, Any]


def auroc(truth: Labels, score: Floats) -> float | None:
    """The probability that a positive scores above a negative; ties count half. None without both classes.

    From the sum of ranks (Mann and Whitney 1947), which takes a tenth of the time that a curve takes: intervals ask often.
    """
    positive = int(truth.sum())
    negative = len(truth) - positive
    if positive == 0 or negative == 0:
        return None
    ranks = rankdata(score)[truth == 1].sum()
    return float((ranks - positive * (positive + 1) / 2) / (positive * negative))


def average_precision(truth: Labels, score: Floats) -> float | None:
    """The mean precision over the positives; a worthless score has the prevalence. None without both classes."""
    return float(average_precision_score(truth, score)) if 0 < truth.sum() < len(truth) else None


def sensitivity(truth: Labels, score: Floats, threshold: float) -> float | None:
    positive = score[truth == 1]
    return float((positive >= threshold).mean()) if len(positive) else None


def specificity(truth: Labels, score: Floats, threshold: float) -> float | None:
    negative = score[truth == 0]
    return float((negative < threshold).mean()) if len(negative) else None


def threshold_at_sensitivity(truth: Labels, score: Floats, wanted: float) -> float:
    """The highest threshold at which at least `wanted` of the positives are at or above it; needs a positive."""
    positive = np.sort(score[truth == 1])
    return float(positive[int(np.floor((1 - wanted) * len(positive) + 1e-9))])


def threshold_at_specificity(truth: Labels, score: Floats, wanted: float) -> float:
    """The lowest threshold below which at least `wanted` of the negatives are; needs a negative."""
    negative = np.sort(score[truth == 0])
    return float(np.nextafter(negative[int(np.ceil(wanted * len(negative) - 1e-9)) - 1], np.inf))


def specificity_at_sensitivity(truth: Labels, score: Floats, wanted: float) -> float | None:
    """At the threshold that these same rows give."""
    if truth.sum() == 0:
        return None
    return specificity(truth, score, threshold_at_sensitivity(truth, score, wanted))


def figure(scored: Scored, function: Function, draws: int = DRAWS) -> Figure:
    """A figure of 0..1 as {value, ci95}: {value: None, reason} if undefined, ci95 None and why without interval."""
    return share_of_rows(scored, lambda rows: function(scored.truth[rows], scored.score[rows]), draws)


def share_of_rows(scored: Scored, function: Callable[[Places], float | None], draws: int = DRAWS) -> Figure:
    """A figure of 0..1 of rows that are named by index.

    Where all draws are alike, the interval is Wilson's of as many cases as the rarer class has patients.
    """
    found = of_rows(scored, function, draws)
    if found.get("ci95") is not None:
        classes = [scored.patient[scored.truth == label] for label in (0, 1)]
        cases = min(len(np.unique(patients)) for patients in classes if len(patients))
        found["ci95"] = [rounded(bound) for bound in not_degenerate(found["value"], found["ci95"], cases)]
    return found


def difference(scored: Scored, other: Floats, function: Function, draws: int = DRAWS) -> Figure:
    """How much higher a figure of `scored` is than that of other scores [N] of the same rows; paired, by patient."""

    def gap(rows: Places) -> float | None:
        truth = scored.truth[rows]
        one, another = function(truth, scored.score[rows]), function(truth, other[rows])
        return None if one is None or another is None else one - another

    return of_rows(scored, gap, draws)


def of_rows(scored: Scored, function: Callable[[Places], float | None], draws: int = DRAWS) -> Figure:
    """A figure, as `figure` gives it, of rows that are named by index."""
    value = function(np.arange(len(scored)))
    if value is None:
        lacking = [name for name in ("positive", "negative") if scored.counts[name] == 0]
        return {
            "value": None,
            "reason": f"there is no {' and no '.join(lacking)}" if lacking else "these rows do not define it",
        }
    interval = bootstrap(scored.patient, function, draws)
    if interval is None:
        return {"value": rounded(value), "ci95": None, "reason": "undefined in more than one of 20 resamples"}
    return {"value": rounded(value), "ci95": [rounded(bound) for bound in interval]}


def at_specificity_of_other_folds(scored: Scored, folds: Places, wanted: float) -> dict[str, Figure]:
    """Sensitivity and specificity where each fold is called at the threshold that gives the others this specificity.

    Wilson's intervals, as if rows were independent: meant for rows that are one a patient, such as studies.
    """
    called = np.zeros(len(scored), bool)
    for fold in np.unique(folds):
        others = folds != fold
        threshold = threshold_at_specificity(scored.truth[others], scored.score[others], wanted)
        called[~others] = scored.score[~others] >= threshold
    ill = scored.truth == 1
    return {
        "sensitivity": share(int(called[ill].sum()), int(ill.sum())),
        "specificity": share(int((~called[~ill]).sum()), int((~ill).sum())),
    }
