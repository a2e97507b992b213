"""Figures of a binary classifier, with bootstrap intervals by patient. Scores may be logits or probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Scores = NDArray[np.floating]


def auroc(truth: Labels, score: Scores) -> float:
    """The probability that a positive scores above a negative; ties count half. NaN without both classes."""
    positive, negative = score[truth == 1], np.sort(score[truth == 0])
    if len(positive) == 0 or len(negative) == 0:
        return float("nan")
    below = np.searchsorted(negative, positive, "left")
    upto = np.searchsorted(negative, positive, "right")
    return float((below + upto).mean() / (2 * len(negative)))


def sensitivity(truth: Labels, score: Scores, threshold: float) -> float:
    return float((score[truth == 1] >= threshold).mean())


def specificity(truth: Labels, score: Scores, threshold: float) -> float:
    return float((score[truth == 0] < threshold).mean())


def threshold_at_sensitivity(truth: Labels, score: Scores, wanted: float) -> float:
    """The highest threshold at which at least `wanted` of the positives are at or above it."""
    positive = np.sort(score[truth == 1])
    return float(positive[int(np.floor((1 - wanted) * len(positive) + 1e-9))])


def specificity_at_sensitivity(truth: Labels, score: Scores, wanted: float) -> float:
    return specificity(truth, score, threshold_at_sensitivity(truth, score, wanted))


def brier(truth: Labels, probability: Scores) -> float:
    return float(((probability - truth) ** 2).mean())


def calibration_error(truth: Labels, probability: Scores, bins: int = 10) -> float:
    """Expected calibration error over equally wide bins."""
    place = np.minimum((probability * bins).astype(int), bins - 1)
    gaps = [abs((probability[place == b] - truth[place == b]).sum()) for b in range(bins)]
    return float(sum(gaps) / len(truth))


def logistic_line(truth: Labels, logit: Scores, rounds: int = 50) -> tuple[float, float]:
    """(slope, intercept) of truth on the logit by maximum likelihood (Newton's method): Platt's calibrator.

    Applied to calibrated logits it measures calibration: 1 and 0 are perfect.
    """
    design = np.column_stack([logit, np.ones_like(logit)]).astype(np.float64)
    weights = np.array([1.0, 0.0])
    for _ in range(rounds):
        probability = 1 / (1 + np.exp(-np.clip(design @ weights, -500, 500)))
        gradient = design.T @ (truth - probability)
        curvature = (design * (probability * (1 - probability))[:, None]).T @ design + 1e-9 * np.eye(2)
        weights += np.linalg.solve(curvature, gradient)
    return float(weights[0]), float(weights[1])


def bootstrap(
    patients: Sequence[str],
    truth: Labels,
    score: Scores,
    figure: Callable[[Labels, Scores], float],
    draws: int = 2000,
    seed: int = 0,
) -> list[float]:
    """[low, high]: the 95 % percentile interval of a figure when patients, with all their images, are redrawn."""
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(np.array(patients) == patient) for patient in sorted(set(patients))]
    values = []
    for _ in range(draws):
        chosen = np.concatenate([groups[index] for index in rng.integers(0, len(groups), len(groups))])
        values.append(figure(truth[chosen], score[chosen]))
    return [float(value) for value in np.nanpercentile(values, [2.5, 97.5])]


def wilson(hits: int, n: int) -> list[float]:
    """[low, high]: the 95 % score interval of a share (Wilson 1927)."""
    if n == 0:
        return [0.0, 1.0]
    z, share = 1.959964, hits / n
    middle = share + z * z / (2 * n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return [float(max(0.0, (middle - half) / (1 + z * z / n))), float(min(1.0, (middle + half) / (1 + z * z / n)))]
