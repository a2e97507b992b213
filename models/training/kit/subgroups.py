"""Figures of parts of the people, only where there are enough of them to say anything."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from kit.figures import auroc, figure, sensitivity, specificity
from kit.intervals import DRAWS
from kit.scored import Scored

LEAST_OF_CLASS = 20  # positives, and negatives
LEAST_PATIENTS = 15


def lacks(scored: Scored) -> str | None:
    """What is too few to assess the group, in words; None where nothing is."""
    least = {"positive": LEAST_OF_CLASS, "negative": LEAST_OF_CLASS, "patients": LEAST_PATIENTS}
    few = [
        f"{scored.counts[name]} {name} of at least {wanted}"
        for name, wanted in least.items()
        if scored.counts[name] < wanted
    ]
    return ", ".join(few) or None


def subgroups(
    scored: Scored, groups: Mapping[str, NDArray[np.bool_]], threshold: float, draws: int = DRAWS
) -> list[dict[str, object]]:
    """Of each named group, given by which rows [N] are in it: counts, and either figures or why they are not given."""
    return [_group(name, scored.at(chosen), threshold, draws) for name, chosen in groups.items()]


def _group(name: str, scored: Scored, threshold: float, draws: int) -> dict[str, object]:
    named = {"name": name, **scored.counts}
    if (few := lacks(scored)) is not None:
        return {**named, "assessable": False, "reason": few}
    return {
        **named,
        "assessable": True,
        "auroc": figure(scored, auroc, draws),
        "sensitivity": figure(scored, partial(sensitivity, threshold=threshold), draws),
        "specificity": figure(scored, partial(specificity, threshold=threshold), draws),
    }
