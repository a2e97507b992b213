"""Step: what the gates refuse, of what they should and of what they should not; writes gates.json.

The method is the kit's; it was looked at on families A of val, and none was changed for it. Serving refuses a study
where at least as many of its slices are refused as answered, so that is counted as well.
"""

from __future__ import annotations

import numpy as np

from brain_haemorrhage.families import families_a, families_b
from brain_haemorrhage.gates import GATES
from brain_haemorrhage.table import Slices, pictures_of, slices_of, tested_slices_of
from kit.folds import Places
from kit.gates.refusals import Gatekeeper, Reasons, refused
from kit.gates.report import Part, Tried, gates_report
from kit.intervals import share
from kit.json_file import write_json
from kit.recipe import Run
from kit.shipped import open_shipped

LEANING = ("noise", "blur", "contrast")  # the corruptions under which most of val is refused
CAMERA = "no head CT of another source with its pixels whole was at hand"


def _part(run: Run, slices: Slices, rows: Places) -> Part:
    chosen = [slices.rows[row] for row in rows]
    return Part(pictures_of(run.data, chosen), slices.patients[rows], slices.labels[rows, 0])


def refused_studies(patients: np.ndarray, reasons: Reasons) -> dict[str, object]:
    """How many studies serving would refuse for their slices' reasons."""
    out = refused(reasons)
    names = np.unique(patients)
    return share(int(sum(out[patients == name].mean() >= 0.5 for name in names)), len(names))


def main(run: Run) -> None:
    shipped = open_shipped(run.model)
    shipped.look.begin()
    learned, tested = slices_of(run.data), tested_slices_of(run.data)
    val = np.array([row.split == "val" for row in learned.rows])
    test = _part(run, tested, np.arange(len(tested.rows)))
    tried = Tried(
        test,
        _part(run, learned, np.flatnonzero(val)),
        families_a(test.images, run.sets, "test"),
        families_b(run.data, run.sets),
        LEANING,
        CAMERA,
    )
    report = gates_report(shipped, GATES, tried)
    studies = refused_studies(test.patients, Gatekeeper(shipped).reasons(test.images))
    report["falseRefusals"]["studies"] = studies
    write_json(run.model / "gates.json", report)
    print(report["falseRefusals"]["test"], studies, report["answered"], report["familiesB"], sep="\n")
