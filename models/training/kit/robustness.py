"""Whether the answer withstands the corruptions: it should neither miss nor alarm more at the shipped threshold."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from kit.corruptions import CORRUPTIONS, corrupt
from kit.figures import auroc, sensitivity, specificity
from kit.json_file import rounded
from kit.scored import Floats, Labels

MOST_CHANGE = 0.05  # of sensitivity, and of specificity, either way

Answer = Callable[[NDArray[np.uint8]], Floats]


def robustness(answer: Answer, images: NDArray[np.uint8], truth: Labels, threshold: float) -> list[dict[str, object]]:
    """Under each corruption of [N,H,W]: figures at the threshold, their change, and whether both are within .05.

    `answer` gives [M] probabilities of what the labels [M] are of: images, or studies it makes of them. Raises
    ValueError without both classes.
    """
    if not 0 < truth.sum() < len(truth):
        raise ValueError("robustness needs both classes")
    clean = answer(images)
    return [_under(name, answer(corrupt(images, name)), clean, truth, threshold) for name in CORRUPTIONS]


def _under(name: str, probability: Floats, clean: Floats, truth: Labels, threshold: float) -> dict[str, object]:
    found: dict[str, object] = {"name": name, "auroc": rounded(auroc(truth, probability))}
    changes = []
    for figure in (sensitivity, specificity):
        after = figure(truth, probability, threshold)
        changes.append(rounded(after - figure(truth, clean, threshold)))
        found |= {figure.__name__: rounded(after), f"{figure.__name__}Change": changes[-1]}
    return {**found, "kept": all(abs(change) <= MOST_CHANGE for change in changes)}
