"""What each score may be at most, from val, each patient counted once by the worst of the patient's images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kit.corruptions import CORRUPTIONS, corrupt
from kit.scored import Floats, Names

PERCENTILE = 99.0
EVEN = 0.5  # the least a probability of a wrong pose must be
FADING = ("contrast", "exposure +", "exposure -")  # the corruptions that take contrast away


@dataclass(frozen=True)
class Gate:
    """A score of the graph and what exceeding it means.

    `rule`: `pose` takes the 99th percentile on val, but not less than one half; `corrupted` the largest of those on val
    as it is and under each corruption of severity 3 that the answer was measured to withstand; `shown` the largest of
    those on val as it is and under each corruption that leaves contrast: what is shown poorly is not blank.
    """

    score: str
    rule: Literal["pose", "corrupted", "shown"]
    reason: str
    detail: str


def usual_gates(picture: str, *, blank: str, text: str, upright: str, unlike: str) -> tuple[Gate, ...]:
    """A gate for each of `scores.Scores`, in the order they are looked at.

    `picture` is what one input is called; the others end or are sentences: `blank` and `text` say what is missing in one
    that is even, `upright` what one that lies wrongly does not do, `unlike` what the model was made with.
    """
    unlike = f"The {picture} is unlike {unlike} that the model was made with."
    measured = "than any on which the model was measured."
    return (
        Gate("contrast_lack", "corrupted", "blank", f"The {picture} is blank or nearly so: {blank}."),
        Gate("flatness", "corrupted", "text-only", f"Most of the {picture} is even, as a page of text is; {text}."),
        Gate("grain", "corrupted", "poor-quality", f"The {picture} is noisier {measured}"),
        Gate("softness", "corrupted", "poor-quality", f"The {picture} is more blurred {measured}"),
        Gate("inverted", "pose", "inverted", f"The {picture} looks as if black and white were exchanged."),
        Gate("rotated", "pose", "rotated", f"The {picture} {upright}."),
        Gate("remoteness", "corrupted", "out-of-distribution", unlike),
        Gate("atypicality", "corrupted", "out-of-distribution", unlike),
    )


def worst_of_patient(patients: Names, scores: Floats) -> Floats:
    """[N] -> [P]: the highest score of each patient, patients in alphabetical order."""
    names, place = np.unique(patients, return_inverse=True)
    worst = np.full(len(names), -np.inf)
    np.maximum.at(worst, place, scores)
    return worst


def percentile(patients: Names, scores: Floats) -> float:
    return float(np.percentile(worst_of_patient(patients, scores), PERCENTILE))


def limits(
    gates: Sequence[Gate],
    patients: Names,
    images: NDArray[np.uint8],
    scores_of: Callable[[NDArray[np.uint8]], Mapping[str, Floats]],
    withstood: Sequence[str] = tuple(CORRUPTIONS),
) -> dict[str, float]:
    """The most of each score, from images of val [N,H,W] and what the graph scores of any; rounded up to 4 digits."""
    leaving = [name for name in CORRUPTIONS if name not in FADING]
    counted: dict[str, Sequence[str]] = {"pose": (), "corrupted": withstood, "shown": leaving}
    needed = dict.fromkeys(name for gate in gates for name in counted[gate.rule])
    plain, versions = scores_of(images), {name: scores_of(corrupt(images, name)) for name in needed}
    found = {}
    for gate in gates:
        limit = percentile(patients, plain[gate.score])
        if gate.rule == "pose":
            limit = max(EVEN, limit)
        limit = max([limit, *(percentile(patients, versions[name][gate.score]) for name in counted[gate.rule])])
        found[gate.score] = float(np.ceil(limit * 1e4) / 1e4)
    return found
