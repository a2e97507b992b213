"""Step 4: calibrates, sets the thresholds and writes model.json.

    python make_manifest.py --data DIR --model ../chest-xray-paediatric --version 2.1.0 --working 160

Calibrator and threshold come from the half of val that training never looked at, the gates' from all of it. The test
part is not touched here. What evaluating adds, `seal_manifest.py` writes into it at the end.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from answers import Model, probabilities, sha256_of
from gates import Scores
from images import read_images
from json_file import write_json
from labels import halve_by_patient, part, read_rows
from metrics import logistic_line, sensitivity, specificity, threshold_at_sensitivity
from thresholds import GATES, thresholds

SENSITIVITY = 0.95  # at the threshold, on the calibrating half

SNOMED = "http://snomed.info/sct"

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


def score_gates(limits: dict[str, float]) -> list[dict[str, object]]:
    return [
        {"score": gate.score, "atMost": limits[gate.score], "reason": gate.reason, "detail": gate.detail}
        for gate in GATES
    ]


def manifest(
    version: str,
    digest: str,
    working: int,
    calibration: dict[str, object],
    threshold: float,
    limits: dict[str, float],
) -> dict[str, object]:
    """model.json without what evaluating adds."""
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
            "preparation": {
                "grey": {"kind": "display"},
                "crop": "none",
                "aspect": "squeezed",
                "resize": {"in": "graph", "filter": "antialiased-linear", "size": working},
            },
            "tensor": {
                "name": "image",
                "layout": "NCHW",
                "channels": 1,
                "range": [0, 255],
                "photometric": "MONOCHROME2",
            },
        },
        "graph": {
            "logits": "logits",
            "activation": "activation",
            "embedding": "embedding",
            "scores": list(Scores._fields),
        },
        "outputs": [
            {
                "key": "pneumonia",
                "index": 0,
                "finding": {"system": SNOMED, "code": "233604007", "display": "Pneumonia"},
                "site": {"system": SNOMED, "code": "39607008", "display": "Lung structure"},
                "threshold": threshold,
                "calibration": calibration,
            }
        ],
        "applicability": {
            "modality": ["CR", "DX"],
            "bodyPart": ["CHEST", "THORAX", "LUNG"],
            "view": ["AP"],
            "age": {"minYears": 1, "maxYears": 5, "unknown": "refuse"},
            "scores": score_gates(limits),
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
            "backbone": "Apache-2.0 (EfficientNet-Lite0, ImageNet)",
        },
        "intendedUse": (
            "A second look at antero-posterior chest radiographs of children of one to five years for signs of "
            "pneumonia, for a radiologist who reads every image. A reference model, not a medical device."
        ),
        "limits": LIMITS,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--version", default="2.1.0")
    parser.add_argument("--working", type=int, required=True)
    args = parser.parse_args()

    val = part(read_rows(args.data), "val")
    calibrating = {row.file for row in halve_by_patient(val)[1]}
    file = args.model / "1" / "model.onnx"
    images = read_images(args.data, val)
    model = Model(file)

    half = np.array([row.file in calibrating for row in val])
    truth, logits = np.array([row.pneumonia for row in val])[half], model.logits(images[half])
    slope, intercept = (round(value, 4) for value in logistic_line(truth, logits))
    probability = probabilities(logits, slope, intercept)
    threshold = int(threshold_at_sensitivity(truth, probability, SENSITIVITY) * 1000) / 1000
    calibration = {"kind": "platt", "slope": slope, "intercept": intercept}
    limits = thresholds([row.patient for row in val], images, lambda shown: model.outputs(shown, [*Scores._fields]))
    written = manifest(args.version, sha256_of(file), args.working, calibration, threshold, limits)
    write_json(args.model / "model.json", written)
    print(
        f"calibrating half: {half.sum()} images, slope {slope}, intercept {intercept}, threshold {threshold}, "
        f"sensitivity {sensitivity(truth, probability, threshold):.3f}, "
        f"specificity {specificity(truth, probability, threshold):.3f}; at most "
        + ", ".join(f"{name} {limit}" for name, limit in limits.items())
    )


if __name__ == "__main__":
    main()
