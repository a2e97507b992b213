"""Step: what the gates refuse, of what they should and of what they should not; writes gates.json.

The method was chosen on families A of val; here they are made of the other sets' test part and of test images. Nothing
is chosen on families B.
"""

from __future__ import annotations

from chest_xray_paediatric.families import families_a, families_b
from chest_xray_paediatric.gates import GATES
from chest_xray_paediatric.table import pictures_of, rows_of, truth_of
from kit.gates.families import FAULTS
from kit.gates.limits import PERCENTILE
from kit.gates.poses import POSES, posed
from kit.gates.refusals import METHOD, Gatekeeper, answered, by_class, corrupted_refusals, false_refusals, family
from kit.json_file import write_json
from kit.recipe import Run
from kit.scored import Scored
from kit.shipped import open_shipped
from kit.tables import patients_of

LEANING = ("blur", "exposure +", "crop -15 %")  # the corruptions under which most of val is refused


def main(run: Run) -> None:
    shipped = open_shipped(run.model)
    gatekeeper = Gatekeeper(shipped)
    shipped.look.begin()
    rows, val = rows_of(run.data, "test"), rows_of(run.data, "val")
    images, patients = pictures_of(run.data, rows), patients_of(rows)
    reasons = gatekeeper.reasons(images)
    scored = Scored(patients, truth_of(rows), shipped.probability(images))
    known = families_a(images, run.sets, "test")
    report = {
        "model": shipped.named,
        "method": METHOD,
        "thresholds": {
            "rule": f"the {PERCENTILE:g}th percentile on val, each patient once by the worst image; see `limits.py`",
            "gates": [{**gate, "rule": rule.rule} for gate, rule in zip(gatekeeper.gates, GATES, strict=True)],
        },
        "familiesA": [
            {**family(name, gatekeeper.reasons(shown)), "synthetic": name in FAULTS} for name, shown in known.items()
        ],
        "poses": [family(f"turned: {pose}", gatekeeper.reasons(posed(images, pose))) for pose in POSES[1:]],
        "familiesB": [family(name, gatekeeper.reasons(shown)) for name, shown in families_b(run.sets).items()],
        "falseRefusals": {
            "test": false_refusals(patients, reasons),
            "corrupted": corrupted_refusals(gatekeeper, patients, images),
            "otherCamera": "no antero-posterior radiograph of a child of 1 to 5 years from another source was at hand",
        },
        "answered": answered(scored, reasons, shipped.threshold()),
        "byClass": by_class(gatekeeper, truth_of(val), pictures_of(run.data, val), LEANING),
    }
    shipped.look.record("gates", [report["falseRefusals"]["test"], report["answered"]])
    write_json(run.model / "gates.json", report)
    print(report["falseRefusals"]["test"], report["answered"], report["familiesB"], sep="\n")
