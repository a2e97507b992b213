"""What each score may be at most, from val, each patient counted once by the worst of the patient's images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from corruptions import CORRUPTIONS, corrupt
from measures import contrast_lack, flatness, grain, softness, spread_of

PERCENTILE = 99.0
EVEN = 0.5  # the least a probability of a wrong pose must be

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Gate:
    """A score of the graph and what exceeding it means.

    `rule`: `val` takes the 99th percentile on val; `pose` the same, but not below one half; `corrupted` the largest of
    those on val as it is and under each corruption of severity 3, which the answer was measured to withstand.
    """

    score: str
    rule: Literal["val", "pose", "corrupted"]
    reason: str
    detail: str


GATES = (
    Gate("contrast_lack", "corrupted", "blank", "The image is blank or nearly so: there is no contrast in it."),
    Gate("flatness", "corrupted", "text-only", "Most of the image is even, as a page of text is; no anatomy fills it."),
    Gate("grain", "corrupted", "poor-quality", "The image is noisier than any on which the model was measured."),
    Gate(
        "softness", "corrupted", "poor-quality", "The image is more blurred than any on which the model was measured."
    ),
    Gate("inverted", "pose", "inverted", "The image looks as if black and white were exchanged."),
    Gate("rotated", "pose", "rotated", "The image does not look like a chest radiograph that stands upright."),
    Gate(
        "atypicality",
        "val",
        "out-of-distribution",
        "The image is unlike the chest radiographs of young children that the model was made with.",
    ),
)


def worst_of_patient(patients: list[str], scores: Floats) -> Floats:
    """[N] -> [P]: the highest score of each patient, patients in alphabetical order."""
    names, place = np.unique(patients, return_inverse=True)
    worst = np.full(len(names), -np.inf)
    np.maximum.at(worst, place, scores)
    return worst


def percentile(patients: list[str], scores: Floats) -> float:
    return float(np.percentile(worst_of_patient(patients, scores), PERCENTILE))


@torch.no_grad()
def measured(images: NDArray[np.uint8]) -> dict[str, Floats]:
    """[N,224,224] -> the scores that need no network, as the graph computes them."""
    grey = torch.from_numpy(images)[:, None].float()
    spread = spread_of(grey)
    found = {
        "contrast_lack": contrast_lack(spread),
        "flatness": flatness(grey, spread),
        "grain": grain(grey, spread),
        "softness": softness(grey, spread),
    }
    return {name: values[:, 0].double().numpy() for name, values in found.items()}


def thresholds(patients: list[str], images: NDArray[np.uint8], scores: dict[str, Floats]) -> dict[str, float]:
    """From the images of val [N,224,224] and the graph's scores of them; rounded up to four digits."""
    versions = [measured(images), *(measured(corrupt(images, name)) for name in CORRUPTIONS)]
    found = {}
    for gate in GATES:
        limit = percentile(patients, scores[gate.score])
        if gate.rule == "pose":
            limit = max(EVEN, limit)
        if gate.rule == "corrupted":
            limit = max(percentile(patients, version[gate.score]) for version in versions)
        found[gate.score] = float(np.ceil(limit * 1e4) / 1e4)
    return found
