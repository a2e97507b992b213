"""Step: writes golden/: images of the test part as DICOM, and what the model says of each; two it must refuse.

What is expected is computed from the pixels of the written files, through the ONNX file.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import pydicom

from chest_xray_paediatric.golden_dicom import INVENTED, golden_dicom
from chest_xray_paediatric.table import kind_of, rows_of
from kit.gates.poses import posed
from kit.gates.refusals import Gatekeeper
from kit.golden_dicom import Patient
from kit.json_file import rounded, write_json
from kit.recipe import Run
from kit.shipped import open_shipped


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
    Case(
        "inverted",
        "images/person1616_bacteria_4251.jpg",
        Patient("GOLDEN^INVERTED", "GOLDEN-I1", 2),
        "inverted",
        "inverted",
    ),
)

NO_MODEL = {"file": "no-model/", "expected": {"outcome": "skipped", "reason": "no-model"}}


def main(run: Run) -> None:
    folder = run.model / "golden"
    folder.mkdir(exist_ok=True)
    shipped = open_shipped(run.model)
    key, gatekeeper = shipped.manifest["outputs"][0]["key"], Gatekeeper(shipped)
    rows = {row.file: row for row in rows_of(run.data, "test")}
    if missing := [case.source for case in CASES if case.source not in rows]:
        raise ValueError(f"not of the test part: {', '.join(missing)}")
    read = [case for case in CASES if case.refused is None]
    if len({rows[case.source].patient for case in read}) != len(read):
        raise ValueError("two golden images that are read are of one patient")

    entries: list[dict[str, object]] = []
    for order, case in enumerate(CASES, 1):
        row, source = rows[case.source], run.data / case.source
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
            probability = rounded(shipped.probability(pixels[None])[0])
            expected = {
                "outcome": "findings",
                "probability": {key: probability},
                "present": {key: probability >= shipped.threshold()},
            }
        entries.append(
            {
                "file": written.name,
                "source": case.source,
                "label": {key: row.labels["pneumonia"]},
                "kind": kind_of(row),
                **({} if case.pose == "upright" else {"shown": case.pose}),
                "invented": INVENTED,
                "expected": expected,
            }
        )
        print(written.name, kind_of(row), expected)
    write_json(folder / "golden.json", [*entries, NO_MODEL])
