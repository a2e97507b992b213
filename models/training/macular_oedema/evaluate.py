"""Steps: the evaluation out of fold (writes evaluation.json), and the learning curve (adds to it).

The test part is not looked at: every score is by a layer that saw no scan of its patient. Calibrator and threshold are
those of `settle.py`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kit.calibration import Platt, calibration
from kit.figures import (
    at_specificity_of_other_folds,
    auroc,
    average_precision,
    figure,
    sensitivity,
    specificity,
)
from kit.folds import Places, out_of_fold
from kit.json_file import read_json, rounded, write_json
from kit.learning_curve import learning_curve
from kit.recipe import Run
from kit.risk_coverage import bands, risk_coverage
from kit.robustness import robustness
from kit.scored import Floats, Scored
from kit.shipped import open_shipped
from kit.shortcuts import (
    THUMBNAIL,
    gradient_energy,
    linear_score,
    nearest_thumbnails,
    percentiles,
    rows_of,
    shortcut_rows,
)
from kit.subgroups import subgroups
from macular_oedema.network import shown, untrained
from macular_oedema.table import NOT_GRADED, SHAPE, Table
from macular_oedema.train import Heads, Seen, features_of, fit_folds

SPECIFICITY = 0.8  # at which sensitivity is also given, each fold called at the threshold of the others
TOP, BOTTOM = rows_of(SHAPE, slice(20)), rows_of(SHAPE, slice(-8, None))
PART = "train and val, out of five folds by patient; the test part was not looked at"


def shortcuts(table: Table, rows: Places, scored: Scored) -> list[dict[str, object]]:
    """What the scanner alone tells of these rows, from labels of the other folds, before and after normalisation."""
    images, truth = table.images[rows], table.truth[rows]
    versions = {"before": images, "after": shown(images)}
    scores: dict[str, Floats] = {}
    for when, seen in versions.items():
        features = {
            "the top 20 rows": percentiles(seen, TOP),
            "the bottom 8 rows": percentiles(seen, BOTTOM),
            "sharpness (gradient energy)": gradient_energy(seen),
        }
        for what, of in features.items():
            scores[f"{what}, {when} normalisation"] = out_of_fold(
                table.folds[rows], lambda train, held, of=of: linear_score(of[train], truth[train], of[held])
            )
        scores[f"nearest of {THUMBNAIL} x {THUMBNAIL} thumbnails, {when} normalisation"] = out_of_fold(
            table.folds[rows], lambda train, held, seen=seen: nearest_thumbnails(seen[train], truth[train], seen[held])
        )
    return shortcut_rows(scored, scores)


def _figures(scored: Scored, threshold: float) -> dict[str, Any]:
    return {
        **scored.counts,
        "auroc": figure(scored, auroc),
        "averagePrecision": figure(scored, average_precision),
        "sensitivity": figure(scored, partial(sensitivity, threshold=threshold)),
        "specificity": figure(scored, partial(specificity, threshold=threshold)),
        "calibration": calibration(scored),
    }


def _fold_areas(scored: Scored, folds: Places) -> list[dict[str, object]]:
    found = []
    for fold in np.unique(folds):
        held = scored.at(folds == fold)
        area = auroc(held.truth, held.score)
        found.append({"fold": int(fold), **held.counts, "auroc": None if area is None else rounded(area)})
    return found


def main(run: Run) -> None:
    shipped, table = open_shipped(run.model), Table.of(run.data)
    threshold, platt = shipped.threshold(), Platt.of(shipped.manifest["outputs"][0])
    saved = np.load(run.scratch / "out-of-fold.npz")
    all_rows = Scored(table.patients, table.truth, platt(saved["logits"]))
    rows = np.flatnonzero(table.graded)
    graded, other = all_rows.at(rows), table.of_source(NOT_GRADED)
    folds = table.folds[rows]
    figures = _figures(graded, threshold)
    healthy = ~table.retinopathy[rows]
    network, heads = untrained().eval(), Heads(saved["weights"], saved["biases"])

    def answer(images: NDArray[np.uint8]) -> Floats:
        return platt(heads.logits(features_of(network, images), folds))

    report = {
        "model": shipped.named,
        "threshold": threshold,
        "part": PART,
        "of": "the scans whose source grades retinopathy; the other source and both together are under `sources`",
        "overall": figures,
        "folds": _fold_areas(graded, folds),
        "atSpecificityOfOtherFolds": {
            "wanted": SPECIFICITY,
            **at_specificity_of_other_folds(graded, folds, SPECIFICITY),
        },
        "sources": {"not graded": _figures(all_rows.at(other), threshold), "both": _figures(all_rows, threshold)},
        "subgroups": subgroups(graded, {"with retinopathy": ~healthy, "without retinopathy": healthy}, threshold),
        "shortcuts": shortcuts(table, rows, graded),
        "shortcutsNotGraded": shortcuts(table, np.flatnonzero(other), all_rows.at(other)),
        "robustness": robustness(answer, table.images[rows], graded.truth, threshold),
        "riskCoverage": risk_coverage(graded, threshold, bands(graded.score, threshold)),
    }
    write_json(run.model / "evaluation.json", report)
    counts = {key: graded.counts[key] for key in ("n", "patients")}
    primary = {"name": "auroc", "output": shipped.manifest["outputs"][0]["key"], **figures["auroc"], **counts}
    shipped.manifest["evaluation"]["primary"] = primary
    write_json(run.model / "model.json", shipped.manifest)
    print(figures, report["folds"], *report["shortcuts"], *report["robustness"], sep="\n")


def curve(run: Run) -> None:
    """AUROC of what is graded, out of fold, where each fold was fitted to fewer patients."""
    table, seen = Table.of(run.data), Seen.of(run)

    def score(rows: Places) -> dict[str, object]:
        heads = fit_folds(table, seen, np.isin(np.arange(len(table.rows)), rows))
        every = Scored(table.patients, table.truth, heads.logits(seen.scans, table.folds))
        return {"auroc": figure(every.at(table.graded), auroc)}

    evaluation = read_json(run.model / "evaluation.json")
    evaluation["learningCurve"] = learning_curve(table.patients, score)
    write_json(run.model / "evaluation.json", evaluation)
    print(evaluation["learningCurve"])
