"""Steps: calibrates, sets the threshold, writes model.json; sets the gates' limits, once it is known what is withstood.

Calibrator and threshold are of studies, as the answer is: the mean of the three highest smoothed logits, out of fold.
Limits come from val.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from brain_haemorrhage.gates import GATES
from brain_haemorrhage.network import WORKING
from brain_haemorrhage.table import TOP, pictures_of, slices_of
from brain_haemorrhage.train import load_logits
from kit.calibration import Platt, settle
from kit.evidence import sha256_of
from kit.gates.limits import limits
from kit.gates.scores import Scores
from kit.json_file import read_json, write_json
from kit.manifest import BACKBONE, GRAPH, SNOMED, TENSOR, calibration, gated, preparation
from kit.recipe import Run
from kit.shipped import open_shipped
from kit.tables import part, patients_of

SPECIFICITY = 0.80  # of studies, at the threshold
WINDOW = {"kind": "window", "center": 40, "width": 120}  # HU; by the look of the set's grey levels, see LIMITS
AGES = 2, 70  # years
LEAST_SLICES = 16  # a head in slices of 5 mm has 19 to 40 in the set

LIMITS = [
    "Trained and measured on 61 patients of one hospital (Hilla, Iraq) and one maker of scanners; on no other site.",
    "Trauma, mean age 28 years: most bleeds are epidural. 3 patients had a subdural, 4 a subarachnoid one.",
    "The set is windowed to 8 bits and twice compressed: its window is not documented and taken as width 120, level 40 "
    "from the grey of brain and fluid. Bare images are evaluated as they are, after windowing.",
    "Axial slices of about 5 mm without contrast medium; thin slices and other reconstructions were never seen.",
    "A bleed on one slice alone is weakened: by its neighbours, and by the mean of the three highest slices.",
    "Sorts a worklist and no more: a study below the threshold is not prioritised, which is not free of haemorrhage.",
    "Answers whether there is any haemorrhage: not which, and not on what side.",
]


def manifest(version: str, digest: str, settled: tuple[Platt, float]) -> dict[str, object]:
    """model.json without what evaluating adds, limits among it."""
    platt, threshold = settled
    return {
        "name": "brain-haemorrhage",
        "version": version,
        "title": "Intracranial haemorrhage on non-contrast head CT, for the order of a worklist",
        "sha256": digest,
        "file": "1/model.onnx",
        "worker": "ct",
        "role": "primary",
        "release": "worklist-only",
        "answer": {"unit": "study", "smoothed": "neighbours", "aggregation": {"kind": "mean-of-top", "count": TOP}},
        "input": {
            "modalities": ["CT"],
            "selection": {"kind": "volume", "leastSlices": LEAST_SLICES, "plane": "axial"},
            "preparation": preparation(WINDOW, "kept", WORKING),
            "tensor": TENSOR,
        },
        "graph": GRAPH,
        "outputs": [
            {
                "key": "haemorrhage",
                "index": 0,
                "finding": {"system": SNOMED, "code": "1386000", "display": "Intracranial hemorrhage"},
                "site": {"system": SNOMED, "code": "12738006", "display": "Brain structure"},
                "threshold": threshold,
                "below": "not-prioritised",
                "calibration": calibration(platt),
            }
        ],
        "applicability": {
            "modality": ["CT"],
            "bodyPart": ["HEAD", "BRAIN", "SKULL"],
            "age": {"minYears": AGES[0], "maxYears": AGES[1], "unknown": "refuse"},
            "scores": [],
        },
        "wording": {"subject": "head CT", "notAssessed": "kind, side and size of a haemorrhage not assessed"},
        "explanation": {"kind": "class-activation", "faithful": False},
        "evaluation": {
            "labels": {"haemorrhage": "any"},
            "patient": "patient",
            "study": {"column": "patient", "order": "slice"},
            "assume": {"Modality": "CT", "BodyPartExamined": "HEAD", "PatientAge": "030Y"},
            "primary": None,
            "figures": "evaluation.json",
        },
        "evidence": [],
        "licences": {
            "data": "CC BY 4.0 by its paper (Hssayeni et al., Data 5(1):14, 2020); its later versions are restricted",
            "weights": "Apache-2.0",
            "backbone": BACKBONE,
        },
        "intendedUse": (
            "To bring head CT studies of injured patients that may show haemorrhage forward in the worklist of a "
            "radiologist who reads every one. A reference model, not a medical device."
        ),
        "limits": LIMITS,
    }


def main(run: Run) -> None:
    slices = slices_of(run.data)
    scored = slices.studies(load_logits(run)[:, 0])
    platt, threshold = settle(scored.truth, scored.score, "specificity", SPECIFICITY)
    digest = sha256_of(run.model / "1" / "model.onnx")
    write_json(run.model / "model.json", manifest(run.version, digest, (platt, threshold)))
    print(f"{len(scored)} studies: slope {platt.slope}, intercept {platt.intercept}, threshold {threshold}")


def withstood(evaluation: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The corruptions under which sensitivity and specificity were kept, and the others."""
    rows = evaluation["robustness"]
    return [row["name"] for row in rows if row["kept"]], [row["name"] for row in rows if not row["kept"]]


def set_limits(run: Run) -> None:
    shipped, val = open_shipped(run.model), part(slices_of(run.data).rows, "val")
    kept, lost = withstood(read_json(run.model / "evaluation.json"))
    scores_of = partial(shipped.model.columns, names=Scores._fields)
    most = limits(GATES, patients_of(val), pictures_of(run.data, val), scores_of, kept)
    shipped.manifest["applicability"]["scores"] = gated(GATES, most)
    if lost:
        shipped.manifest["limits"] = [*LIMITS, f"Its answer is not kept under {', '.join(lost)}: see the card."]
    write_json(run.model / "model.json", shipped.manifest)
    print(f"from {len(val)} slices of val, as they are and under {', '.join(kept) or 'nothing'}: at most")
    print(", ".join(f"{name} {limit}" for name, limit in most.items()))
