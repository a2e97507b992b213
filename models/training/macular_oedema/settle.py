"""Step: calibrates out of fold, sets the limits and writes model.json. What evaluating adds, `evaluate.py` writes.

Calibrator and threshold come from the out-of-fold scores of what is graded: in the other source the scanner's sharpness
alone tells the label, and a threshold from there would be too bold.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from kit.calibration import Platt, settle
from kit.evidence import sha256_of
from kit.figures import sensitivity, specificity
from kit.gates.limits import limits
from kit.gates.scores import Scores
from kit.json_file import write_json
from kit.manifest import BACKBONE, GRAPH, SNOMED, TENSOR, calibration, gated, preparation
from kit.recipe import Run
from kit.shipped import Model
from macular_oedema.gates import GATES
from macular_oedema.network import WORKING
from macular_oedema.table import Table

SENSITIVITY = 0.95  # at the threshold, out of fold

LIMITS = [
    "Trained and measured on one collection (UNAM, IMO, APEC and INDEREB, Mexico, 2015-2022); never on another site.",
    "In this set the scanner's settings go with the label: they are normalised in the graph, not wholly taken out.",
    "One B-scan is read, not a volume: oedema beside the scanned line is not seen.",
    "Only diabetic macular oedema was labelled; fluid of another cause may be reported or missed.",
    "Says nothing of the side, of thickness in micrometres, or of where the oedema is.",
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
        "role": "candidate",
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
            "assume": {"Modality": "OPT", "BodyPartExamined": "RETINA"},
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


def main(run: Run) -> None:
    file = run.model / "1" / "model.onnx"
    model, table = Model(file), Table.of(run.data)
    truth, logits = table.truth[table.graded], np.load(run.scratch / "out-of-fold.npz")["logits"][table.graded]
    platt, threshold = settle(truth, logits, "sensitivity", SENSITIVITY)

    val = np.array([row.split == "val" for row in table.rows])
    scores_of = partial(model.columns, names=Scores._fields)
    most = limits(GATES, table.patients[val], table.images[val], scores_of)
    write_json(run.model / "model.json", manifest(run.version, sha256_of(file), (platt, threshold), most))
    probability = platt(logits)
    print(
        f"out of fold: {len(logits)} scans, slope {platt.slope}, intercept {platt.intercept}, threshold {threshold}, "
        f"sensitivity {sensitivity(truth, probability, threshold):.3f}, "
        f"specificity {specificity(truth, probability, threshold):.3f}; at most "
        + ", ".join(f"{name} {limit}" for name, limit in most.items())
    )
