"""Step: the evaluation on the test part; writes evaluation.json and the primary figure of model.json."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from chest_xray_paediatric.table import half_of_val, kind_of, pictures_of, rows_of, truth_of
from kit.calibration import calibration
from kit.figures import auroc, average_precision, figure, sensitivity, specificity, specificity_at_sensitivity
from kit.json_file import write_json
from kit.recipe import Run
from kit.risk_coverage import bands, risk_coverage
from kit.robustness import robustness
from kit.scored import Scored
from kit.shipped import open_shipped
from kit.subgroups import subgroups
from kit.tables import Row, patients_of


def overall(tested: Scored, threshold: float) -> dict[str, object]:
    """Discrimination, the shipped threshold and calibration."""
    return {
        **tested.counts,
        "auroc": figure(tested, auroc),
        "averagePrecision": figure(tested, average_precision),
        "sensitivity": figure(tested, partial(sensitivity, threshold=threshold)),
        "specificity": figure(tested, partial(specificity, threshold=threshold)),
        "specificityAtSensitivity95": figure(tested, partial(specificity_at_sensitivity, wanted=0.95)),
        "calibration": calibration(tested),
    }


def groups_of(rows: Sequence[Row]) -> dict[str, NDArray[np.bool_]]:
    """Each kind of pneumonia against all normal images, and by how the copy stored the file."""
    kind = np.array([kind_of(row) for row in rows])
    stored = np.array([row.attributes["stored_as"] for row in rows])
    return {
        "bacterial vs. normal": kind != "viral",
        "viral vs. normal": kind != "bacterial",
        "stored as resized": stored == "resized",
        "stored as original": stored == "original",
    }


def main(run: Run) -> None:
    shipped = open_shipped(run.model)
    threshold, manifest = shipped.threshold(), shipped.manifest
    shipped.look.begin()
    rows, half = rows_of(run.data, "test"), half_of_val(run.data, 1)
    images = pictures_of(run.data, rows)
    tested = Scored(patients_of(rows), truth_of(rows), shipped.probability(images))
    widths = bands(shipped.probability(pictures_of(run.data, half)), threshold)
    figures = overall(tested, threshold)
    shipped.look.record("evaluation", figures)
    write_json(
        run.model / "evaluation.json",
        {
            "model": shipped.named,
            "threshold": threshold,
            "part": "test, by patient; never used to train, choose, calibrate or set the threshold",
            "overall": figures,
            "subgroups": subgroups(tested, groups_of(rows), threshold),
            "robustness": robustness(shipped.probability, images, tested.truth, threshold),
            "riskCoverage": risk_coverage(tested, threshold, widths),
        },
    )
    counts = {key: tested.counts[key] for key in ("n", "patients")}
    primary = {"name": "auroc", "output": manifest["outputs"][0]["key"], **figures["auroc"], **counts}
    manifest["evaluation"]["primary"] = primary
    write_json(run.model / "model.json", manifest)
    print(figures)
