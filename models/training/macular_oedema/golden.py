"""Step: writes golden/: drawn B-scans as DICOM, one of each eye and a mirrored copy of it, which the gates must refuse.

The licence of the data set lets no scan of it be passed on. What the real ones are answered is looked at beside the
data set: `npm run evaluate` and `npm run parity`. A side is only ever what a header says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pydicom

from kit.gates.refusals import Gatekeeper
from kit.golden_dicom import Patient
from kit.json_file import write_json
from kit.recipe import Run
from kit.shipped import open_shipped
from macular_oedema.draw import drawn
from macular_oedema.golden_dicom import INVENTED, golden_dicom


@dataclass(frozen=True)
class Case:
    """`eye` is the one that is drawn, `says` the one that the header names: R, L, or None where it names none."""

    file: str
    patient: Patient
    eye: str
    mirrored: bool
    says: str | None


CASES = (
    Case("right", Patient("GOLDEN^RIGHT", "GOLDEN-R1", 60), "R", mirrored=False, says="R"),
    Case("right-mirrored", Patient("GOLDEN^RIGHT^MIRRORED", "GOLDEN-R2", 60), "R", mirrored=True, says="L"),
    Case("left", Patient("GOLDEN^LEFT", "GOLDEN-L1", 61), "L", mirrored=False, says="L"),
    Case("left-mirrored", Patient("GOLDEN^LEFT^MIRRORED", "GOLDEN-L2", 61), "L", mirrored=True, says=None),
)


def main(run: Run) -> None:
    folder = run.model / "golden"
    folder.mkdir(exist_ok=True)
    gatekeeper = Gatekeeper(open_shipped(run.model))
    entries: list[dict[str, object]] = []
    for order, case in enumerate(CASES, 1):
        scan = drawn(case.eye)
        scan = np.ascontiguousarray(scan[:, ::-1]) if case.mirrored else scan
        written = folder / f"{case.file}.dcm"
        golden_dicom(scan, case.patient, order, case.says).save_as(written, enforce_file_format=True)
        reason = gatekeeper.reasons(pydicom.dcmread(written).pixel_array[None])[0]
        if reason is None:
            raise ValueError(f"{written.name} is drawn and not refused")
        entries.append(
            {
                "file": written.name,
                "drawn": case.eye,
                "mirrored": case.mirrored,
                "side": case.says or "unknown",
                "invented": INVENTED,
                "expected": {"outcome": "skipped", "reason": reason},
            }
        )
        print(written.name, reason)
    write_json(folder / "golden.json", entries)
