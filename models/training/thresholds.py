"""What each score may be at most, from val, each patient counted once by the worst of the patient's images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from corruptions import CORRUPTIONS, corrupt

PERCENTILE = 99.0
EVEN = 0.5  # the least a probability of a wrong pose must be

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Gate:
    """A score of the graph and what exceeding it means.

    `rule`: `pose` takes the 99th percentile on val, but not less than one half; `corrupted` the largest of those on val
    as it is and under each corruption of severity 3, which the answer was measured to withstand.
    """

    score: str
    rule: Literal["pose", "corrupted"]
    reason: str
    detail: str


UNLIKE = "The image is unlike the chest radiographs of young children that the model was made with."
GATES = (
    Gate("contrast_lack", "corrupted", "blank", "The image is blank or nearly so: there is no contrast in it."),
    Gate("flatness", "corrupted", "text-only", "Most of the image is even, as a page of text is; no anatomy fills it."),
    Gate("grain", "corrupted", "poor-quality", "The image is noisier than any on which the model was measured."),
    Gate(
        "softness", "corrupted", "poor-quality", "The image is more blurred than any on which the model was measured."
    ),
    Gate("inverted", "pose", "inverted", "The image looks as if black and white were exchanged."),
    Gate("rotated", "pose", "rotated", "The image does not look like a chest radiograph that stands upright."),
    Gate("remoteness", "corrupted", "out-of-distribution", UNLIKE),
    Gate("atypicality", "corrupted", "out-of-distribution", UNLIKE),
)


def worst_of_patient(patients: list[str], scores: Floats) -> Floats:
    """[N] -> [P]: the highest score of each patient, patients in alphabetical order."""
    names, place = np.unique(patients, return_inverse=True)
    worst = np.full(len(names), -np.inf)
    np.maximum.at(worst, place, scores)
    return worst


def percentile(patients: list[str], scores: Floats) -> float:
    return float(np.percentile(worst_of_patient(patients, scores), PERCENTILE))


def thresholds(
    patients: list[str], images: NDArray[np.uint8], scores_of: Callable[[NDArray[np.uint8]], dict[str, Floats]]
) -> dict[str, float]:
    """From the images of val [N,224,224] and what the graph scores of any; rounded up to four digits."""
    plain, *corrupted = (scores_of(shown) for shown in (images, *(corrupt(images, name) for name in CORRUPTIONS)))
    found = {}
    for gate in GATES:
        limit = percentile(patients, plain[gate.score])
        if gate.rule == "pose":
            limit = max(EVEN, limit)
        if gate.rule == "corrupted":
            limit = max(limit, *(percentile(patients, version[gate.score]) for version in corrupted))
        found[gate.score] = float(np.ceil(limit * 1e4) / 1e4)
    return found
