"""Step: writes golden/: a drawn head as CT, whole and half covered, and what serving must say of each.

The licence of the data set lets no slice of it be passed on. A drawn head has no truth: what is recorded of it proves
that serving computes what was measured, and nothing else. What the real ones are answered is looked at beside the data
set: `npm run evaluate` and `npm run parity`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray

from brain_haemorrhage.draw import AIR, drawn
from brain_haemorrhage.golden_dicom import INVENTED, golden_slice
from brain_haemorrhage.settle import WINDOW
from brain_haemorrhage.table import LABELS, Slices
from kit.calibration import Platt
from kit.gates.refusals import Gatekeeper, Reasons, refused
from kit.golden_dicom import Patient
from kit.json_file import rounded, write_json
from kit.recipe import Run
from kit.scored import Floats
from kit.shipped import Shipped, open_shipped
from kit.tables import Row


@dataclass(frozen=True)
class Case:
    """A study; of the covered one the left half of each slice is air."""

    folder: str
    patient: Patient
    covered: bool


CASES = (
    Case("head", Patient("GOLDEN^HEAD", "GOLDEN-H1", 40), covered=False),
    Case("half-a-head", Patient("GOLDEN^HALF^A^HEAD", "GOLDEN-H2", 40), covered=True),
)


def written(folder: Path, case: Case, order: int) -> list[Path]:
    """A file a slice, in the order of the slices."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    head = drawn()
    if case.covered:
        head[:, :, : head.shape[2] // 2] = AIR
    for index, hounsfield in enumerate(head):
        files.append(folder / f"{index + 1:02d}.dcm")
        golden_slice(hounsfield, case.patient, order, index).save_as(files[-1], enforce_file_format=True)
    return files


def windowed(files: list[Path]) -> NDArray[np.float32]:
    """[N,H,W] grey levels as serving shows the graph: Hounsfield units through the manifest's window, not rounded."""
    images = [pydicom.dcmread(file) for file in files]
    hounsfield = np.stack([image.pixel_array * image.RescaleSlope + image.RescaleIntercept for image in images])
    share = (hounsfield.astype(np.float64) - WINDOW["center"]) / WINDOW["width"] + 0.5
    return (share.clip(0, 1) * 255).astype(np.float32)


def refusal(reasons: Reasons) -> str | None:
    """The reason serving refuses a study for: the commonest of its slices, if at least half of them are refused."""
    found = Counter(reason for reason in reasons if reason is not None)
    return found.most_common(1)[0][0] if 2 * found.total() >= len(reasons) else None


def study_logit(logits: Floats) -> float:
    """[N], in the order of the slices -> that of the study."""
    count = len(logits)
    rows = [Row("", "drawn", "", {}, {"slice": str(index)}) for index in range(count)]
    none = np.zeros((count, len(LABELS)), np.int64)
    return float(Slices(rows, np.full(count, "drawn"), none, none[:, 0]).studies(logits).score[0])


def expected_of(shipped: Shipped, shown: NDArray[np.float32]) -> dict[str, object]:
    """What serving must say of slices [N,H,W] of a study; those that are refused alone are left out of the answer."""
    reasons = Gatekeeper(shipped).reasons(shown)
    if (reason := refusal(reasons)) is not None:
        return {"outcome": "skipped", "reason": reason}
    output, logits = shipped.manifest["outputs"][0], shipped.model.columns(shown, ["logits"])["logits"]
    logit = study_logit(logits[~refused(reasons)])
    probability, key = float(Platt.of(output)(np.array([logit]))[0]), output["key"]
    return {
        "outcome": "findings",
        "probability": {key: rounded(probability)},
        "present": {key: probability >= shipped.threshold()},
    }


def main(run: Run) -> None:
    golden, shipped = run.model / "golden", open_shipped(run.model)
    entries = []
    for order, case in enumerate(CASES, 1):
        shown = windowed(written(golden / case.folder, case, order))
        expected = expected_of(shipped, shown)
        if case.covered and expected["outcome"] != "skipped":
            raise ValueError("half a head is not refused")
        drawn_ = {"drawn": True, "covered": case.covered, "invented": INVENTED}
        entries.append({"file": f"{case.folder}/", **drawn_, "expected": expected})
        print(case.folder, expected)
    write_json(golden / "golden.json", entries)
