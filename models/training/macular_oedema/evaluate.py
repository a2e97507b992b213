"""Steps: the evaluation out of fold (writes evaluation.json), the learning curve and the test part (add to it).

Out of fold every score is by a layer that saw no scan of its patient; on the test part it is by the shipped file.
Calibrator and threshold are those of `settle.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from macular_oedema.network import shown
from macular_oedema.table import NOT_GRADED, SHAPE, Table
from macular_oedema.train import Seen, fit_folds

SPECIFICITY = 0.8  # at which sensitivity is also given, each fold called at the threshold of the others
LEAD = 0.05  # of the lower bound of the model's AUROC over the AUROC of what is told by the scanner's rows alone
TOP, BOTTOM = rows_of(SHAPE, slice(20)), rows_of(SHAPE, slice(-8, None))
PART = "train and val, out of five folds by patient"
PRIMARY = "graded source of train and val, out of fold"
AFTER = "after normalisation"


def shortcuts(table: Table, rows: Places, scored: Scored) -> list[dict[str, object]]:
    """What the scanner alone tells of these rows, from labels of the other folds, before and after normalisation."""
    images, truth = table.images[rows], table.truth[rows]
    versions = {"before normalisation": images, AFTER: shown(images)}
    scores: dict[str, Floats] = {}
    for when, seen in versions.items():
        features = {
            "the top 20 rows": percentiles(seen, TOP),
            "the bottom 8 rows": percentiles(seen, BOTTOM),
            "sharpness (gradient energy)": gradient_energy(seen),
        }
        for what, of in features.items():
            scores[f"{what}, {when}"] = out_of_fold(
                table.folds[rows], lambda train, held, of=of: linear_score(of[train], truth[train], of[held])
            )
        scores[f"nearest of {THUMBNAIL} x {THUMBNAIL} thumbnails, {when}"] = out_of_fold(
            table.folds[rows], lambda train, held, seen=seen: nearest_thumbnails(seen[train], truth[train], seen[held])
        )
    return shortcut_rows(scored, scores)


def lead_over_rows(found: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """How far the model's lower bound lies above the better of the two row classifiers, from `shortcuts`."""
    area = {row["name"]: row["auroc"] for row in found}
    rows = [f"the {place} rows, {AFTER}" for place in ("top 20", "bottom 8")]
    best = max(rows, key=lambda name: area[name]["value"])
    lead = area["this model"]["ci95"][0] - area[best]["value"]
    return {"over": best, "wanted": LEAD, "lead": rounded(lead), "reached": lead >= LEAD}


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


def _out_of_fold(run: Run, table: Table, platt: Platt) -> Scored:
    """Every row of train and val, by the layer that saw no scan of its patient."""
    logits = np.load(run.scratch / "out-of-fold.npz")["logits"]
    return Scored(table.patients, table.truth, platt(logits))


def groups_of(table: Table, rows: Places) -> dict[str, NDArray[np.bool_]]:
    """Which of these rows of the graded source are of whom."""
    ill, right = table.retinopathy[rows], table.right[rows]
    return {"with retinopathy": ill, "without retinopathy": ~ill, "right eyes": right, "left eyes": ~right}


def main(run: Run) -> None:
    shipped, table = open_shipped(run.model), Table.of(run.data)
    threshold, platt = shipped.threshold(), Platt.of(shipped.manifest["outputs"][0])
    all_rows = _out_of_fold(run, table, platt)
    rows = np.flatnonzero(table.graded)
    graded, other = all_rows.at(rows), table.of_source(NOT_GRADED)
    folds = table.folds[rows]
    figures = _figures(graded, threshold)
    scanner = shortcuts(table, rows, graded)
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
        "sources": {"notGraded": _figures(all_rows.at(other), threshold), "both": _figures(all_rows, threshold)},
        "subgroups": subgroups(graded, groups_of(table, rows), threshold),
        "shortcuts": scanner,
        "leadOverRows": lead_over_rows(scanner),
        "shortcutsNotGraded": shortcuts(table, np.flatnonzero(other), all_rows.at(other)),
        "robustness": read_json(run.scratch / "robustness.json"),
        "riskCoverage": risk_coverage(graded, threshold, bands(graded.score, threshold)),
    }
    write_json(run.model / "evaluation.json", report)
    counts = {key: graded.counts[key] for key in ("n", "patients")}
    output = shipped.manifest["outputs"][0]["key"]
    primary = {"name": "auroc", "output": output, "part": PRIMARY, **figures["auroc"], **counts}
    shipped.manifest["evaluation"]["primary"] = primary
    write_json(run.model / "model.json", shipped.manifest)
    print(figures, report["folds"], *scanner, report["leadOverRows"], *report["robustness"], sep="\n")


def _add(run: Run, key: str, value: object) -> None:
    file = run.model / "evaluation.json"
    write_json(file, {**read_json(file), key: value})
    print(value)


def curve(run: Run) -> None:
    """AUROC of what is graded, out of fold, where each fold was fitted to fewer patients."""
    table, seen = Table.of(run.data), Seen.of(run)

    def score(rows: Places) -> dict[str, object]:
        heads = fit_folds(table, seen, np.isin(np.arange(len(table.rows)), rows))
        every = Scored(table.patients, table.truth, heads.logits(seen.scans, table.folds))
        return {"auroc": figure(every.at(table.graded), auroc)}

    _add(run, "learningCurve", learning_curve(table.patients, score))


def of_test(run: Run) -> None:
    """What the shipped file says of the test part."""
    shipped = open_shipped(run.model)
    shipped.look.begin()
    known, table, threshold = Table.of(run.data), Table.of(run.data, "test"), shipped.threshold()
    answers = _out_of_fold(run, known, Platt.of(shipped.manifest["outputs"][0])).at(known.graded)
    every = Scored(table.patients, table.truth, shipped.probability(table.images))
    rows = np.flatnonzero(table.graded)
    found = {
        "graded": _figures(every.at(rows), threshold),
        "notGraded": _figures(every.at(~table.graded), threshold),
        "both": _figures(every, threshold),
        "subgroups": subgroups(every.at(rows), groups_of(table, rows), threshold),
        "riskCoverage": risk_coverage(every.at(rows), threshold, bands(answers.score, threshold)),
    }
    shipped.look.record("evaluation", found)
    _add(run, "test", found)
