"""Step 5: the one evaluation on the test part; writes evaluation.json and the primary figure of model.json.

    python evaluate.py --data DIR --model ../chest-xray-paediatric

Each run leaves a line in logs/test-evaluations.log: the test part is for at most two looks a version.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from answers import Model, probabilities, sha256_of
from corruptions import CORRUPTIONS, corrupt
from images import read_images
from json_file import read_json, write_json
from labels import Row, part, read_rows
from metrics import (
    auroc,
    bootstrap,
    brier,
    calibration_error,
    logistic_line,
    sensitivity,
    specificity,
    specificity_at_sensitivity,
)

Floats = NDArray[np.float64]


def rounded(value: float) -> float:
    return round(float(value), 4)


class Part:
    """Rows of a part of the data with the model's probability for each."""

    def __init__(self, rows: list[Row], probability: Floats) -> None:
        self.patients = [row.patient for row in rows]
        self.truth = np.array([row.pneumonia for row in rows])
        self.probability = probability

    def counts(self) -> dict[str, int]:
        positive = int(self.truth.sum())
        return {"n": len(self.truth), "patients": len(set(self.patients)), "pneumonia": positive}

    def figure(self, function: Callable[[NDArray[np.int64], Floats], float]) -> dict[str, object]:
        value = function(self.truth, self.probability)
        interval = bootstrap(self.patients, self.truth, self.probability, function)
        return {"value": rounded(value), "ci95": [rounded(bound) for bound in interval]}


def overall(tested: Part, threshold: float) -> dict[str, object]:
    """Discrimination, the shipped threshold and calibration."""
    logit = np.log(tested.probability / (1 - tested.probability))
    slope, intercept = logistic_line(tested.truth, logit)
    return {
        **tested.counts(),
        "auroc": tested.figure(auroc),
        "sensitivity": tested.figure(lambda truth, score: sensitivity(truth, score, threshold)),
        "specificity": tested.figure(lambda truth, score: specificity(truth, score, threshold)),
        "specificityAtSensitivity95": tested.figure(
            lambda truth, score: specificity_at_sensitivity(truth, score, 0.95)
        ),
        "brier": rounded(brier(tested.truth, tested.probability)),
        "calibration": {"slope": rounded(slope), "intercept": rounded(intercept)},
        "expectedCalibrationError": rounded(calibration_error(tested.truth, tested.probability)),
    }


def subgroups(rows: list[Row], probability: Floats) -> list[dict[str, object]]:
    """AUROC of each kind of pneumonia against all normal images, and by how the copy stored the file."""
    groups: dict[str, Callable[[Row], bool]] = {
        "bacterial vs. normal": lambda row: row.kind in ("bacterial", "normal"),
        "viral vs. normal": lambda row: row.kind in ("viral", "normal"),
        "stored as resized": lambda row: row.stored_as == "resized",
        "stored as original": lambda row: row.stored_as == "original",
    }
    found = []
    for name, belongs in groups.items():
        chosen = [index for index, row in enumerate(rows) if belongs(row)]
        group = Part([rows[index] for index in chosen], probability[chosen])
        found.append({"name": name, **group.counts(), "auroc": group.figure(auroc)})
    return found


def robustness(
    answer: Callable[[NDArray[np.uint8]], Floats], images: NDArray[np.uint8], rows: list[Row], threshold: float
) -> list[dict[str, object]]:
    """Figures at the shipped threshold under each corruption, and their change."""
    truth = np.array([row.pneumonia for row in rows])
    clean = answer(images)
    before = sensitivity(truth, clean, threshold), specificity(truth, clean, threshold)
    found = []
    for name in CORRUPTIONS:
        probability = answer(corrupt(images, name))
        after = sensitivity(truth, probability, threshold), specificity(truth, probability, threshold)
        found.append(
            {
                "name": name,
                "auroc": rounded(auroc(truth, probability)),
                "sensitivity": rounded(after[0]),
                "specificity": rounded(after[1]),
                "sensitivityChange": rounded(after[0] - before[0]),
                "specificityChange": rounded(after[1] - before[1]),
                "specificityAtSensitivity95": rounded(specificity_at_sensitivity(truth, probability, 0.95)),
            }
        )
        print(found[-1], flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    args = parser.parse_args()

    manifest = read_json(args.model / "model.json")
    file = args.model / manifest["file"]
    if sha256_of(file) != manifest["sha256"]:
        raise ValueError(f"{file} is not the file of model.json")
    output = manifest["outputs"][0]
    calibration, threshold = output["calibration"], output["threshold"]
    model = Model(file)

    def answer(images: NDArray[np.uint8]) -> Floats:
        return probabilities(model.logits(images), calibration["slope"], calibration["intercept"])

    rows = part(read_rows(args.data), "test")
    images = read_images(args.data, rows)
    log = args.model / "logs" / "test-evaluations.log"
    log.parent.mkdir(exist_ok=True)
    tested = Part(rows, probability := answer(images))
    figures = overall(tested, threshold)
    with log.open("a") as handle:
        print(f"{manifest['version']} {manifest['sha256'][:12]} threshold {threshold}: {figures}", file=handle)
    write_json(
        args.model / "evaluation.json",
        {
            "model": {key: manifest[key] for key in ("name", "version", "sha256")},
            "threshold": threshold,
            "part": "test, by patient; never used to train, choose, calibrate or set the threshold",
            "overall": figures,
            "subgroups": subgroups(rows, probability),
            "robustness": robustness(answer, images, rows, threshold),
        },
    )
    area = figures["auroc"]
    counts = {key: figures[key] for key in ("n", "patients")}
    manifest["evaluation"]["primary"] = {"name": "auroc", "output": output["key"], **area, **counts}
    write_json(args.model / "model.json", manifest)


if __name__ == "__main__":
    main()
