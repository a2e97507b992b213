"""Step: what the gates refuse, of what they should and of what they should not; writes gates.json.

The method is the kit's and nothing of it was chosen on this set. Families A are made of the other sets' test part and
of test scans; families B were not looked at before.
"""

from __future__ import annotations

from pathlib import Path

from kit.gates.report import Part, Tried, gates_report
from kit.json_file import write_json
from kit.recipe import Run
from kit.shipped import open_shipped
from macular_oedema.families import families_a, families_b
from macular_oedema.gates import GATES
from macular_oedema.table import Table

LEANING = ("blur", "exposure +", "crop -15 %")


def _part(data: Path, split: str) -> Part:
    table = Table.of(data, split)
    return Part(table.images, table.patients, table.truth)


def main(run: Run) -> None:
    shipped = open_shipped(run.model)
    shipped.look.begin()
    test, val = _part(run.data, "test"), _part(run.data, "val")
    tried = Tried(
        test,
        val,
        families_a(test.images, run.sets, "test"),
        families_b(run.sets),
        LEANING,
        camera="no B-scan of another scanner or site was at hand",
    )
    report = gates_report(shipped, GATES, tried)
    write_json(run.model / "gates.json", report)
    print(report["falseRefusals"]["test"], report["answered"], report["familiesB"], sep="\n")
