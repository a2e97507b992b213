"""95 % intervals: bootstrap over patients, since images of one patient are not independent, and Wilson's of a share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn import config_context

from kit.folds import Places
from kit.json_file import rounded
from kit.scored import Floats, Names

Interval = list[float]  # [low, high]

DRAWS = 2000
LEAST_DEFINED = 0.95  # of the draws


def resamples(patients: Names, draws: int = DRAWS, seed: int = 0) -> Iterator[Places]:
    """Row indices of each draw: as many patients as there are, with replacement, each with all its rows."""
    rng = np.random.default_rng(seed)
    names, place = np.unique(patients, return_inverse=True)
    groups = np.split(np.argsort(place, kind="stable"), np.cumsum(np.bincount(place))[:-1])
    for _ in range(draws):
        yield np.concatenate([groups[index] for index in rng.integers(0, len(names), len(names))])


def bootstrap(
    patients: Names, figure: Callable[[Places], float | None], draws: int = DRAWS, seed: int = 0
) -> Interval | None:
    """The percentile interval of a figure of rows, given by index; None where over one of 20 draws leaves it undefined.

    A difference of two figures of the same rows gives a paired interval: both see the same draw.
    """
    with config_context(assume_finite=True, skip_parameter_validation=True):
        values = [value for rows in resamples(patients, draws, seed) if (value := figure(rows)) is not None]
    if len(values) < LEAST_DEFINED * draws:
        return None
    return [float(bound) for bound in np.percentile(values, [2.5, 97.5])]


def mean_interval(patients: Names, values: Floats, draws: int = DRAWS, seed: int = 0) -> Interval:
    """The bootstrap interval of the mean of [N] values."""
    rng = np.random.default_rng(seed)
    names, place = np.unique(patients, return_inverse=True)
    total, count = np.bincount(place, values), np.bincount(place)
    chosen = rng.integers(0, len(names), (draws, len(names)))
    return [float(bound) for bound in np.percentile(total[chosen].sum(1) / count[chosen].sum(1), [2.5, 97.5])]


def wilson(hits: int, n: int) -> Interval:
    """The score interval of a share (Wilson 1927); all of 0..1 where there is nothing."""
    if n == 0:
        return [0.0, 1.0]
    low, high = binomtest(hits, n).proportion_ci(0.95, "wilson")
    return [float(low), float(high)]


def not_degenerate(value: float, interval: Interval, cases: int) -> Interval:
    """The interval, of a figure of 0..1; where every draw gave the same 0 or 1, Wilson's of so many independent cases.

    Resampling what is all alike shows nothing of what was not seen.
    """
    alike = interval[0] == interval[1] and value in (0, 1)
    return wilson(cases if value else 0, cases) if alike else interval


def share(hits: int, n: int) -> dict[str, object]:
    """hits of n with Wilson's interval, as it is written; the value is None where n is 0."""
    value = rounded(hits / n) if n else None
    return {"hits": hits, "n": n, "value": value, "ci95": [rounded(bound) for bound in wilson(hits, n)]}


def share_by_patient(patients: Names, hit: NDArray[np.bool_]) -> dict[str, object]:
    """The share of rows [N] that are hit, as `share` is written, with the interval by bootstrap over patients."""
    found, cases = share(int(hit.sum()), len(hit)), len(np.unique(patients))
    interval = not_degenerate(hit.mean(), mean_interval(patients, hit.astype(float)), cases)
    return {**found, "ci95": [rounded(bound) for bound in interval]}
