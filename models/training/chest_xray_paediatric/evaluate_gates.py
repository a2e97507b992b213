"""Step: what the gates refuse, of what they should and of what they should not; writes gates.json.

The method was chosen on families A of val; here they are made of the other sets' test part and of test images. Nothing
is chosen on families B.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from chest_xray_paediatric.families import families_a, families_b
from chest_xray_paediatric.gates import GATES
from chest_xray_paediatric.table import pictures_of, rows_of, truth_of
from kit.gates.report import Part, Tried, gates_report
from kit.json_file import write_json
from kit.recipe import Run
from kit.shipped import open_shipped
from kit.tables import Row, patients_of

LEANING = ("blur", "exposure +", "crop -15 %")  # the corruptions under which most of val is refused


def _part(data: Path, rows: Sequence[Row]) -> Part:
    return Part(pictures_of(data, rows), patients_of(rows), truth_of(rows))


def main(run: Run) -> None:
    shipped = open_shipped(run.model)
    shipped.look.begin()
    test, val = (_part(run.data, rows_of(run.data, split)) for split in ("test", "val"))
    tried = Tried(
        test,
        val,
        families_a(test.images, run.sets, "test"),
        families_b(run.sets),
        LEANING,
        camera="no antero-posterior radiograph of a child of 1 to 5 years from another source was at hand",
    )
    report = gates_report(shipped, GATES, tried)
    write_json(run.model / "gates.json", report)
    print(report["falseRefusals"]["test"], report["answered"], report["familiesB"], sep="\n")
