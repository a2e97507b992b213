"""Step 6: what the gates refuse, of what they should and of what they should not; writes gates.json.

    python evaluate_gates.py --data DIR --sets SETS --model ../chest-xray-paediatric

SETS is the folder that holds the other data sets. The method was chosen on families A of val; here they are made of
the other sets' test part and of test images. Nothing is chosen on families B.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from answers import Model, probabilities
from corruptions import CORRUPTIONS, corrupt
from evaluate import rounded
from families import FAULTS, faults, other_chests, other_modalities, other_radiographs
from images import read_images
from json_file import read_json, write_json
from labels import Row, part, read_rows
from metrics import auroc, bootstrap, sensitivity, wilson
from poses import POSES, posed
from thresholds import GATES, PERCENTILE

Images = NDArray[np.uint8]
LEANING = ("blur", "exposure +", "crop -15 %")  # the corruptions under which most of val is refused
METHOD = {
    "remoteness": (
        "Mahalanobis distance in the 96 principal axes of the means of the 112 middle features in each ninth of the "
        "image, with the distance to that space added; fitted to views of the train part within what the answer withstands"
    ),
    "atypicality": "remoteness, divided by that to expect of an image of such level, contrast, sharpness, grain and clipping",
    "pose": "multinomial logistic regression on the same features of train images turned, flipped and inverted",
    "notDetectable": "a left-right mirrored image",
}


class Gatekeeper:
    """The shipped graph with the manifest's gates."""

    def __init__(self, model: Model, manifest: dict[str, object]) -> None:
        self.model = model
        self.gates = manifest["applicability"]["scores"]
        self.names = manifest["graph"]["scores"]

    def reasons(self, images: Images) -> list[str | None]:
        """Of each image [N,H,W]: the reason of the first gate that is exceeded, or None."""
        scores = self.model.outputs(images, self.names)
        found: list[str | None] = [None] * len(images)
        for gate in reversed(self.gates):
            for index in np.flatnonzero(~(scores[gate["score"]] <= gate["atMost"])):
                found[index] = gate["reason"]
        return found


def share(hits: int, n: int) -> dict[str, object]:
    return {"n": n, "refused": hits, "share": rounded(hits / n), "ci95": [rounded(bound) for bound in wilson(hits, n)]}


def family(name: str, reasons: list[str | None]) -> dict[str, object]:
    told = Counter(reason for reason in reasons if reason)
    return {"name": name, **share(sum(told.values()), len(reasons)), "reasons": dict(told.most_common())}


def false_refusals(rows: list[Row], reasons: list[str | None]) -> dict[str, object]:
    """Of images of the intended use; a patient is refused when one image is. Interval of the share of images: bootstrap."""
    refused = np.array([reason is not None for reason in reasons])
    patients = [row.patient for row in rows]
    of_patients = {patient for patient, out in zip(patients, refused, strict=True) if out}
    interval = bootstrap(patients, refused.astype(int), refused * 1.0, lambda _, score: float(score.mean()))
    return {
        "images": {
            "n": len(rows),
            "refused": int(refused.sum()),
            "share": rounded(refused.mean()),
            "ci95": [rounded(bound) for bound in interval],
        },
        "patients": share(len(of_patients), len(set(patients))),
        "reasons": dict(Counter(reason for reason in reasons if reason).most_common()),
    }


def answered(rows: list[Row], reasons: list[str | None], probability: NDArray[np.float64], threshold: float) -> object:
    """The answer's worth among accepted and among refused images, and how often each show disease."""
    truth, refused = np.array([row.pneumonia for row in rows]), np.array([reason is not None for reason in reasons])
    found = {}
    for name, chosen in (("accepted", ~refused), ("refused", refused)):
        area = auroc(truth[chosen], probability[chosen]) if 0 < truth[chosen].sum() < chosen.sum() else None
        found[name] = {
            "n": int(chosen.sum()),
            "pneumonia": int(truth[chosen].sum()),
            "prevalence": rounded(truth[chosen].mean()) if chosen.any() else None,
            "prevalenceCi95": [rounded(bound) for bound in wilson(int(truth[chosen].sum()), int(chosen.sum()))],
            "auroc": None if area is None else rounded(area),
            "sensitivity": rounded(sensitivity(truth[chosen], probability[chosen], threshold))
            if truth[chosen].any()
            else None,
        }
    sick, well = refused[truth == 1], refused[truth == 0]
    found["refusedOfDiseased"] = share(int(sick.sum()), len(sick))
    found["refusedOfNormal"] = share(int(well.sum()), len(well))
    found["fisherP"] = rounded(fisher(int(sick.sum()), len(sick), int(well.sum()), len(well)))
    return found


def by_class(gatekeeper: Gatekeeper, rows: list[Row], images: Images) -> dict[str, object]:
    """Whom the gates refuse, on val, where enough is refused to tell: as the images are and corrupted.

    `atypicalityAuroc` is how well that score alone tells the diseased (1) from the normal (0); .5 were indifferent.
    """
    truth = np.array([row.pneumonia for row in rows])
    score = gatekeeper.model.outputs(images, ["atypicality"])["atypicality"]
    versions = {"as they are": images, **{name: corrupt(images, name) for name in LEANING}}
    found = []
    for name, shown in versions.items():
        refused = np.array([reason is not None for reason in gatekeeper.reasons(shown)])
        sick, well = refused[truth == 1], refused[truth == 0]
        found.append(
            {
                "name": name,
                "refusedOfDiseased": share(int(sick.sum()), len(sick)),
                "refusedOfNormal": share(int(well.sum()), len(well)),
                "fisherP": rounded(fisher(int(sick.sum()), len(sick), int(well.sum()), len(well))),
            }
        )
    return {"part": "val", "atypicalityAuroc": rounded(auroc(truth, score)), "versions": found}


def fisher(hits: int, n: int, other: int, others: int) -> float:
    """The two-sided p of Fisher's exact test that both are refused alike."""
    total, drawn = n + others, hits + other
    logs = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, total + 1)))])

    def choose(of: int, k: int) -> float:
        return float(logs[of] - logs[k] - logs[of - k])

    possible = range(max(0, drawn - others), min(n, drawn) + 1)
    chance = {k: np.exp(choose(n, k) + choose(others, drawn - k) - choose(total, drawn)) for k in possible}
    return float(min(1.0, sum(p for p in chance.values() if p <= chance[hits] * (1 + 1e-9))))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    args = parser.parse_args()

    manifest = read_json(args.model / "model.json")
    model = Model(args.model / manifest["file"])
    gatekeeper = Gatekeeper(model, manifest)
    output = manifest["outputs"][0]
    rows = part(read_rows(args.data), "test")
    images = read_images(args.data, rows)
    line = output["calibration"]
    reasons = gatekeeper.reasons(images)
    probability = probabilities(model.logits(images), line["slope"], line["intercept"])

    known = {**faults(images), **other_modalities(args.sets, "test")}
    turned = {f"turned: {pose}": posed(images, pose) for pose in POSES[1:]}
    unseen = {**other_chests(args.sets), **other_radiographs(args.sets)}
    report = {
        "model": {key: manifest[key] for key in ("name", "version", "sha256")},
        "method": METHOD,
        "thresholds": {
            "rule": f"the {PERCENTILE:g}th percentile on val, each patient once by the worst image; see `thresholds.py`",
            "gates": [
                {**gate, "rule": rule.rule}
                for gate, rule in zip(manifest["applicability"]["scores"], GATES, strict=True)
            ],
        },
        "familiesA": [
            {**family(name, gatekeeper.reasons(shown)), "synthetic": name in FAULTS} for name, shown in known.items()
        ],
        "poses": [family(name, gatekeeper.reasons(shown)) for name, shown in turned.items()],
        "familiesB": [family(name, gatekeeper.reasons(shown)) for name, shown in unseen.items()],
        "falseRefusals": {
            "test": false_refusals(rows, reasons),
            "corrupted": [
                {"name": name, **false_refusals(rows, gatekeeper.reasons(corrupt(images, name)))}
                for name in CORRUPTIONS
            ],
            "otherCamera": "no antero-posterior radiograph of a child of 1 to 5 years from another source was at hand",
        },
        "answered": answered(rows, reasons, probability, output["threshold"]),
    }
    val = part(read_rows(args.data), "val")
    report["byClass"] = by_class(gatekeeper, val, read_images(args.data, val))
    with (args.model / "logs" / "test-evaluations.log").open("a") as handle:
        test = report["falseRefusals"]["test"]
        print(
            f"{manifest['version']} {manifest['sha256'][:12]} gates: {test['images']} {report['answered']}", file=handle
        )
    write_json(args.model / "gates.json", report)
    print(report["falseRefusals"]["test"], report["answered"], report["familiesB"], sep="\n")


if __name__ == "__main__":
    main()
