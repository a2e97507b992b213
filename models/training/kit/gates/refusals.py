"""What the gates refuse, of what they should and of what they should not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact

from kit.corruptions import CORRUPTIONS, corrupt
from kit.figures import auroc, sensitivity
from kit.intervals import share, share_by_patient
from kit.json_file import rounded
from kit.scored import Labels, Names, Scored

if TYPE_CHECKING:
    from kit.shipped import Shipped

METHOD = {
    "remoteness": (
        "Mahalanobis distance in the 96 principal axes of the means of the 112 middle features in each ninth of the "
        "image, with the distance to that space added; fitted to views of the train part within what the answer "
        "withstands"
    ),
    "atypicality": (
        "remoteness, divided by that to expect of an image of such level, contrast, sharpness, grain and clipping"
    ),
    "pose": "multinomial logistic regression on the same features of train images turned, flipped and inverted",
    "notDetectable": "a left-right mirrored image",
}

Images = NDArray[np.uint8]
Reasons = Sequence[str | None]


class Gatekeeper:
    """The shipped graph with the manifest's gates."""

    def __init__(self, shipped: Shipped) -> None:
        self.model = shipped.model
        self.gates = shipped.manifest["applicability"]["scores"]
        self.names = shipped.manifest["graph"]["scores"]

    def reasons(self, images: Images) -> list[str | None]:
        """Of each image [N,H,W]: the reason of the first gate that is exceeded, or None."""
        scores = self.model.outputs(images, self.names)
        found: list[str | None] = [None] * len(images)
        for gate in reversed(self.gates):
            for index in np.flatnonzero(~(scores[gate["score"]][:, 0] <= gate["atMost"])):
                found[index] = gate["reason"]
        return found


def refused(reasons: Reasons) -> NDArray[np.bool_]:
    return np.array([reason is not None for reason in reasons], bool)


def _told(reasons: Reasons) -> dict[str, int]:
    return dict(Counter(reason for reason in reasons if reason).most_common())


def family(name: str, reasons: Reasons) -> dict[str, Any]:
    """How many of a kind are refused, and for what."""
    return {"name": name, **share(int(refused(reasons).sum()), len(reasons)), "reasons": _told(reasons)}


def false_refusals(patients: Names, reasons: Reasons) -> dict[str, Any]:
    """Of images of the intended use; a patient is refused when one image is. Interval of the images: by bootstrap."""
    out = refused(reasons)
    of_patients = share(len(np.unique(patients[out])), len(np.unique(patients)))
    return {"images": share_by_patient(patients, out), "patients": of_patients, "reasons": _told(reasons)}


def corrupted_refusals(gatekeeper: Gatekeeper, patients: Names, images: Images) -> list[dict[str, Any]]:
    """False refusals under each corruption."""
    return [
        {"name": name, **false_refusals(patients, gatekeeper.reasons(corrupt(images, name)))} for name in CORRUPTIONS
    ]


def answered(scored: Scored, reasons: Reasons, threshold: float) -> dict[str, Any]:
    """The answer's worth among accepted and among refused images, and how often each show disease."""
    out = refused(reasons)
    found: dict[str, Any] = {}
    for name, group in (("accepted", scored.at(~out)), ("refused", scored.at(out))):
        figures = {
            "auroc": auroc(group.truth, group.score),
            "sensitivity": sensitivity(group.truth, group.score, threshold),
        }
        found[name] = {
            "prevalence": share(group.counts["positive"], len(group)),
            **{key: None if value is None else rounded(value) for key, value in figures.items()},
        }
    return {**found, **_of_classes(scored.truth, out)}


def by_class(gatekeeper: Gatekeeper, truth: Labels, images: Images, leaning: Sequence[str]) -> dict[str, Any]:
    """Whom the gates refuse, diseased or normal, on val: as the images are and under corruptions that are refused most.

    `atypicalityAuroc` is how well that score alone tells the diseased (1) from the normal (0); .5 were indifferent.
    """
    score = gatekeeper.model.outputs(images, ["atypicality"])["atypicality"][:, 0]
    versions = {"as they are": images, **{name: corrupt(images, name) for name in leaning}}
    found = [
        {"name": name, **_of_classes(truth, refused(gatekeeper.reasons(shown)))} for name, shown in versions.items()
    ]
    area = auroc(truth, score)
    return {"part": "val", "atypicalityAuroc": None if area is None else rounded(area), "versions": found}


def _of_classes(truth: Labels, out: NDArray[np.bool_]) -> dict[str, Any]:
    """The shares that are refused of each class, and the two-sided p of Fisher's exact test that they are alike."""
    sick, well = out[truth == 1], out[truth == 0]
    table = [[sick.sum(), (~sick).sum()], [well.sum(), (~well).sum()]]
    return {
        "refusedOfDiseased": share(int(sick.sum()), len(sick)),
        "refusedOfNormal": share(int(well.sum()), len(well)),
        "fisherP": rounded(fisher_exact(table).pvalue),
    }
