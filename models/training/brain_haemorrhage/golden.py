"""Step: writes golden/: a drawn head as CT, as it lies and upside down, and what serving must say of it.

The licence of the data set lets no slice of it be passed on. What the real ones are answered is looked at beside the
data set: `npm run evaluate` and `npm run parity`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from numpy.typing import NDArray

from brain_haemorrhage.draw import drawn
from brain_haemorrhage.golden_dicom import INVENTED, golden_slice
from brain_haemorrhage.settle import WINDOW
from kit.gates.poses import posed
from kit.gates.refusals import Gatekeeper
from kit.golden_dicom import Patient
from kit.json_file import write_json
from kit.recipe import Run
from kit.shipped import open_shipped


@dataclass(frozen=True)
class Case:
    """A study; `pose`, of `poses.POSES`, is how each of its slices lies."""

    folder: str
    patient: Patient
    pose: str


CASES = (
    Case("head", Patient("GOLDEN^HEAD", "GOLDEN-H1", 40), "upright"),
    Case("head-upside-down", Patient("GOLDEN^HEAD^DOWN", "GOLDEN-H2", 40), "upside down"),
)


def written(folder: Path, case: Case, order: int) -> list[Path]:
    """A file a slice, in the order of the slices."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for index, hounsfield in enumerate(posed(drawn(), case.pose)):
        files.append(folder / f"{index + 1:02d}.dcm")
        golden_slice(hounsfield, case.patient, order, index).save_as(files[-1], enforce_file_format=True)
    return files


def windowed(files: list[Path]) -> NDArray[np.float32]:
    """[N,H,W] grey levels as serving shows the graph: Hounsfield units through the manifest's window, not rounded."""
    images = [pydicom.dcmread(file) for file in files]
    hounsfield = np.stack([image.pixel_array * image.RescaleSlope + image.RescaleIntercept for image in images])
    share = (hounsfield.astype(np.float64) - WINDOW["center"]) / WINDOW["width"] + 0.5
    return (share.clip(0, 1) * 255).astype(np.float32)


def refusal(reasons: list[str | None]) -> str:
    """The reason a study is refused for: the commonest of its slices, if at least half of them are refused.

    Raises ValueError where they are not: what a drawn head shows is nothing to vouch for.
    """
    found = Counter(reason for reason in reasons if reason is not None)
    if 2 * found.total() < len(reasons):
        raise ValueError(f"{len(reasons) - found.total()} of {len(reasons)} drawn slices are not refused")
    return found.most_common(1)[0][0]


def main(run: Run) -> None:
    golden, gatekeeper = run.model / "golden", Gatekeeper(open_shipped(run.model))
    entries = []
    for order, case in enumerate(CASES, 1):
        files = written(golden / case.folder, case, order)
        reasons = gatekeeper.reasons(windowed(files))
        expected = {"outcome": "skipped", "reason": refusal(reasons)}
        entries.append(
            {"file": f"{case.folder}/", "shown": case.pose, "invented": INVENTED, "expected": expected},
        )
        print(case.folder, Counter(reasons), expected)
    write_json(golden / "golden.json", entries)
