"""Step 7: writes golden/: images of the test part as DICOM, and what the model says of each; two it must refuse.

    python make_golden.py --data DIR --model ../chest-xray-paediatric

What is expected is computed from the pixels of the written files, through the ONNX file.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import pydicom

from answers import Model, probabilities
from evaluate_gates import Gatekeeper
from golden_dicom import INVENTED, Patient, golden_dicom
from json_file import read_json, write_json
from labels import read_rows
from poses import posed


@dataclass(frozen=True)
class Case:
    """`pose`, of `poses.POSES`: how the image is shown; `refused`: the reason it must be refused for."""

    file: str
    source: str
    patient: Patient
    pose: str = "upright"
    refused: str | None = None


CASES = (
    Case("normal-1", "images/IM-0117-0001.jpg", Patient("GOLDEN^NORMAL^ONE", "GOLDEN-N1", 4)),
    Case("normal-2", "images/NORMAL2-IM-0403-0001.jpg", Patient("GOLDEN^NORMAL^TWO", "GOLDEN-N2", 3)),
    Case("bacterial-1", "images/person1616_bacteria_4251.jpg", Patient("GOLDEN^BACTERIAL^ONE", "GOLDEN-B1", 2)),
    Case("bacterial-2", "images/person1897_bacteria_4789.jpg", Patient("GOLDEN^BACTERIAL^TWO", "GOLDEN-B2", 5)),
    Case("viral-1", "images/person1340_virus_2311.jpg", Patient("GOLDEN^VIRAL^ONE", "GOLDEN-V1", 1)),
    Case("viral-2", "images/person1567_virus_2722.jpg", Patient("GOLDEN^VIRAL^TWO", "GOLDEN-V2", 3)),
    Case("turned", "images/IM-0117-0001.jpg", Patient("GOLDEN^TURNED", "GOLDEN-T1", 4), "180", "rotated"),
    Case("inverted", "images/person1616_bacteria_4251.jpg", Patient("GOLDEN^INVERTED", "GOLDEN-I1", 2), "inverted", "inverted"),
)

NO_MODEL = {"file": "no-model/", "expected": {"outcome": "skipped", "reason": "no-model"}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    args = parser.parse_args()

    folder = args.model / "golden"
    folder.mkdir(exist_ok=True)
    manifest = read_json(args.model / "model.json")
    output = manifest["outputs"][0]
    line = output["calibration"]["slope"], output["calibration"]["intercept"]
    model = Model(args.model / "1" / "model.onnx")
    gatekeeper = Gatekeeper(model, manifest)
    rows = {row.file: row for row in read_rows(args.data)}
    read = [case for case in CASES if case.refused is None]
    if len({rows[case.source].patient for case in read}) != len(read):
        raise ValueError("two golden images that are read are of one patient")

    entries: list[dict[str, object]] = []
    for order, case in enumerate(CASES, 1):
        row, source = rows[case.source], args.data / case.source
        if row.split != "test":
            raise ValueError(f"{case.source} is not of the test part")
        image = posed(cv2.imread(str(source), cv2.IMREAD_GRAYSCALE)[None], case.pose)[0]
        written = folder / f"{case.file}.dcm"
        golden_dicom(image, case.patient, order, source.stat().st_size).save_as(written, enforce_file_format=True)
        pixels = pydicom.dcmread(written).pixel_array
        refused = gatekeeper.reasons(pixels[None])[0]
        if refused != case.refused:
            raise ValueError(f"{written.name} is refused as {refused}, not as {case.refused}")
        if refused is not None:
            expected = {"outcome": "skipped", "reason": refused}
        else:
            probability = round(float(probabilities(model.logits(pixels[None]), *line)[0]), 4)
            expected = {
                "outcome": "findings",
                "probability": {output["key"]: probability},
                "present": {output["key"]: probability >= output["threshold"]},
            }
        entries.append(
            {
                "file": written.name,
                "source": case.source,
                "label": {output["key"]: row.pneumonia},
                "kind": row.kind,
                **({} if case.pose == "upright" else {"shown": case.pose}),
                "invented": INVENTED,
                "expected": expected,
            }
        )
        print(written.name, row.kind, expected)
    write_json(folder / "golden.json", [*entries, NO_MODEL])


if __name__ == "__main__":
    main()
