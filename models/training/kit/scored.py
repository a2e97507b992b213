"""Answers beside the truth, and whose they are: what every figure is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]
Names = NDArray[np.str_]
Chosen = NDArray[np.int64] | NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Scored:
    """N answers, one an image, slice or study: whose each is [N], 0 or 1 [N], and what was said of it [N].

    A score is a probability where a figure is about calibration; any number that grows with the odds elsewhere. Raises
    ValueError for parts of unequal length, a score that is no number and a label that is neither 0 nor 1.
    """

    patient: Names
    truth: Labels
    score: Floats

    def __post_init__(self) -> None:
        if not len(self.patient) == len(self.truth) == len(self.score):
            raise ValueError("patients, labels and scores are of unequal number")
        if not np.isfinite(self.score).all():
            raise ValueError("a score is not a number")
        if not np.isin(self.truth, (0, 1)).all():
            raise ValueError("a label is neither 0 nor 1")

    def __len__(self) -> int:
        return len(self.truth)

    def at(self, chosen: Chosen) -> Scored:
        return Scored(self.patient[chosen], self.truth[chosen], self.score[chosen])

    @cached_property
    def counts(self) -> dict[str, int]:
        positive = int(self.truth.sum())
        return {
            "n": len(self),
            "patients": len(np.unique(self.patient)),
            "positive": positive,
            "negative": len(self) - positive,
        }
