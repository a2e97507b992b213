"""Step: calibrates, sets the limits and writes model.json.

Calibrator and threshold come from the half of val that training never looked at, the gates' limits from all of it. The
test part is not touched here. What evaluating adds, later steps write into it.
"""

from __future__ import annotations

from functools import partial

from chest_xray_paediatric.gates import GATES
from chest_xray_paediatric.network import WORKING
from chest_xray_paediatric.table import half_of_val, pictures_of, rows_of, truth_of
from kit.calibration import Platt, settle
from kit.evidence import sha256_of
from kit.figures import sensitivity, specificity
from kit.gates.limits import limits
from kit.gates.scores import Scores
from kit.json_file import write_json
from kit.manifest import BACKBONE, GRAPH, SNOMED, TENSOR, calibration, gated, preparation
from kit.recipe import Run
from kit.shipped import Model
from kit.tables import patients_of

SENSITIVITY = 0.95  # at the threshold, on the calibrating half

LIMITS = [
    "Trained and measured on children of one to five years of one hospital (Guangzhou, China); never on another site.",
    "Antero-posterior views only. Lateral and postero-anterior views, adults and neonates are outside its use.",
    "Answers pneumonia or not: no other disease, no effusion, no pneumothorax, no tubes; says nothing of a side.",
    "The labels are the source's readings of the images, not microbiology of every child.",
    "Images were already squeezed to 224 x 224 without keeping the aspect ratio: fine detail is lost.",
    "Calibrated where three of four images show pneumonia: where it is rarer the probability is too high.",
    "A negative answer does not rule pneumonia out.",
    "The gates refuse what is unlike its training images; a mirrored image is not recognised, nor is every adult's chest.",
]


def manifest(version: str, digest: str, settled: tuple[Platt, float], most: dict[str, float]) -> dict[str, object]:
    """model.json without what evaluating adds."""
    platt, threshold = settled
    return {
        "name": "chest-xray-paediatric",
        "version": version,
        "title": "Pneumonia on antero-posterior chest radiographs of children of one to five years",
        "sha256": digest,
        "file": "1/model.onnx",
        "worker": "xray",
        "role": "primary",
        "release": "worklist-only",
        "answer": {"unit": "image"},
        "input": {
            "modalities": ["CR", "DX"],
            "selection": {"kind": "every-image"},
            "preparation": preparation({"kind": "display"}, "squeezed", WORKING),
            "tensor": TENSOR,
        },
        "graph": GRAPH,
        "outputs": [
            {
                "key": "pneumonia",
                "index": 0,
                "finding": {"system": SNOMED, "code": "233604007", "display": "Pneumonia"},
                "site": {"system": SNOMED, "code": "39607008", "display": "Lung structure"},
                "threshold": threshold,
                "calibration": calibration(platt),
            }
        ],
        "applicability": {
            "modality": ["CR", "DX"],
            "bodyPart": ["CHEST", "THORAX", "LUNG"],
            "view": ["AP"],
            "age": {"minYears": 1, "maxYears": 5, "unknown": "refuse"},
            "scores": gated(GATES, most),
        },
        "wording": {"subject": "chest radiograph", "notAssessed": "side and lobe not assessed"},
        "explanation": {"kind": "class-activation", "faithful": False},
        "evaluation": {
            "labels": {"pneumonia": "pneumonia"},
            "patient": "patient",
            "assume": {
                "Modality": "DX",
                "BodyPartExamined": "CHEST",
                "ViewPosition": "AP",
                "PatientAge": "004Y",
            },
            "primary": None,
            "figures": "evaluation.json",
        },
        "evidence": [],
        "licences": {
            "data": "CC BY 4.0 (Kermany et al., Cell 172, 2018, doi 10.1016/j.cell.2018.02.010)",
            "weights": "Apache-2.0",
            "backbone": BACKBONE,
        },
        "intendedUse": (
            "A second look at antero-posterior chest radiographs of children of one to five years for signs of "
            "pneumonia, for a radiologist who reads every image. A reference model, not a medical device."
        ),
        "limits": LIMITS,
    }


def main(run: Run) -> None:
    file = run.model / "1" / "model.onnx"
    model = Model(file)
    half, val = half_of_val(run.data, 1), rows_of(run.data, "val")
    truth, logits = truth_of(half), model.columns(pictures_of(run.data, half), ["logits"])["logits"]
    platt, threshold = settle(truth, logits, "sensitivity", SENSITIVITY)
    scores_of = partial(model.columns, names=Scores._fields)
    most = limits(GATES, patients_of(val), pictures_of(run.data, val), scores_of)
    write_json(run.model / "model.json", manifest(run.version, sha256_of(file), (platt, threshold), most))
    probability = platt(logits)
    print(
        f"calibrating half: {len(half)} images, slope {platt.slope}, intercept {platt.intercept}, "
        f"threshold {threshold}, sensitivity {sensitivity(truth, probability, threshold):.3f}, "
        f"specificity {specificity(truth, probability, threshold):.3f}; at most "
        + ", ".join(f"{name} {limit}" for name, limit in most.items())
    )
