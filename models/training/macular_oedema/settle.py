"""Steps: what the answer withstands; calibration, threshold and limits, written into model.json.

Calibrator and threshold come from the out-of-fold scores of what is graded: in the other source the scanner's sharpness
alone tells the label, and a threshold from there would be too bold. What the answer withstands is measured there too,
since no gate's limit is to come from what it does not.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from kit.calibration import Platt, settle
from kit.evidence import sha256_of
from kit.figures import sensitivity, specificity
from kit.gates.limits import limits
from kit.gates.scores import Scores
from kit.json_file import read_json, write_json
from kit.manifest import BACKBONE, GRAPH, SNOMED, TENSOR, calibration, gated, preparation
from kit.recipe import Run
from kit.robustness import robustness
from kit.scored import Floats, Labels
from kit.shipped import Model
from macular_oedema.gates import GATES
from macular_oedema.network import untrained
from macular_oedema.normalise import WORKING
from macular_oedema.table import Table
from macular_oedema.train import Heads, features_of

SENSITIVITY = 0.95  # at the threshold, out of fold

LIMITS = [
    "Trained and measured on one collection (UNAM, IMO, APEC and INDEREB, Mexico, 2015-2022); never on another site.",
    "Which scanners the set was taken with is not known, nor what the model is worth on another.",
    "In this set the scanner's settings go with the label: they are normalised in the graph, not wholly taken out.",
    "One B-scan is read, not a volume: oedema that the few scans of an eye do not cross is not seen.",
    "Only diabetic macular oedema was labelled: fluid of another cause may be reported or missed, and which kind of "
    "oedema it is (cystoid, diffuse, subretinal) is not said.",
    "Says nothing of the side, of thickness in micrometres, or of where the oedema is. The side is the header's.",
    "Grey B-scans alone: colour-coded scans, en-face images and OCT angiography were never seen.",
    "Scans were squeezed to 512 x 208 and stored as JPEG of quality 80: fine detail is lost.",
    "Age and sex of the patients are not known.",
    "A scan that is not prioritised is not free of oedema.",
]


def manifest(version: str, digest: str, settled: tuple[Platt, float], most: dict[str, float]) -> dict[str, object]:
    """model.json without what evaluating adds."""
    platt, threshold = settled
    return {
        "name": "macular-oedema",
        "version": version,
        "title": "Macular oedema on optical coherence tomography B-scans of people with diabetes",
        "sha256": digest,
        "file": "1/model.onnx",
        "worker": "ophthalmic",
        "role": "primary",
        "release": "worklist-only",
        "answer": {"unit": "image"},
        "input": {
            "modalities": ["OPT"],
            "selection": {"kind": "every-image"},
            "preparation": preparation({"kind": "display"}, "squeezed", WORKING[0]),
            "tensor": TENSOR,
        },
        "graph": GRAPH,
        "outputs": [
            {
                "key": "macular-oedema",
                "index": 0,
                "finding": {"system": SNOMED, "code": "312912001", "display": "Macular edema due to diabetes mellitus"},
                "site": {"system": SNOMED, "code": "5665001", "display": "Retinal structure"},
                "threshold": threshold,
                "below": "not-prioritised",
                "calibration": calibration(platt),
            }
        ],
        "applicability": {
            "modality": ["OPT"],
            "bodyPart": ["EYE", "RETINA"],
            "scores": gated(GATES, most),
        },
        "wording": {"subject": "OCT B-scan of the macula", "notAssessed": "side and thickness not assessed"},
        "explanation": {"kind": "class-activation", "faithful": False},
        "evaluation": {
            "labels": {"macular-oedema": "dme"},
            "patient": "group",
            "assume": {
                "SOPClassUID": "1.2.840.10008.5.1.4.1.1.77.1.5.4",
                "Modality": "OPT",
                "BodyPartExamined": "RETINA",
            },
            "primary": None,
            "figures": "evaluation.json",
        },
        "evidence": [],
        "licences": {
            "data": (
                "none given, citation asked for: research use only, not for redistribution or commercial use "
                "(Hughes Cano, Olivares Pinto and Thebault, OCT-AND-EYE-FUNDUS-DATASET)"
            ),
            "weights": "research use only, as the data",
            "backbone": BACKBONE,
        },
        "intendedUse": (
            "Brings B-scans of the macula of people with diabetes that may show oedema to the top of the worklist, for "
            "an ophthalmologist who reads every scan. A reference model, not a medical device."
        ),
        "limits": LIMITS,
    }


def _settled(run: Run, table: Table) -> tuple[Labels, Floats, tuple[Platt, float]]:
    """Truth and logits of what is graded, out of fold, with the calibrator and the threshold that they give."""
    truth, logits = table.truth[table.graded], np.load(run.scratch / "out-of-fold.npz")["logits"][table.graded]
    return truth, logits, settle(truth, logits, "sensitivity", SENSITIVITY)


def withstand(run: Run) -> None:
    """What is graded under each corruption, by the layer that saw no scan of the patient."""
    torch.set_flush_denormal(True)
    table, network = Table.of(run.data), untrained().eval()
    graded, heads = np.flatnonzero(table.graded), Heads.of(run)
    truth, _, (platt, threshold) = _settled(run, table)

    def answer(images: NDArray[np.uint8]) -> Floats:
        return platt(heads.logits(features_of(network, images), table.folds[graded]))

    found = robustness(answer, table.images[graded], truth, threshold)
    write_json(run.scratch / "robustness.json", found)
    print(*found, sep="\n")


def main(run: Run) -> None:
    file = run.model / "1" / "model.onnx"
    model, val = Model(file), Table.of(run.data, "val")
    truth, logits, (platt, threshold) = _settled(run, Table.of(run.data))
    kept = [row["name"] for row in read_json(run.scratch / "robustness.json") if row["kept"]]
    scores_of = partial(model.columns, names=Scores._fields)
    most = limits(GATES, val.patients, val.images, scores_of, kept)
    write_json(run.model / "model.json", manifest(run.version, sha256_of(file), (platt, threshold), most))
    probability = platt(logits)
    print(
        f"out of fold: {len(logits)} scans, slope {platt.slope}, intercept {platt.intercept}, threshold {threshold}, "
        f"sensitivity {sensitivity(truth, probability, threshold):.3f}, "
        f"specificity {specificity(truth, probability, threshold):.3f}; withstands {', '.join(kept)}; at most "
        + ", ".join(f"{name} {limit}" for name, limit in most.items())
    )
