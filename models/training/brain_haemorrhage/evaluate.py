"""Steps: the evaluation out of fold, under corruption, of fewer patients and on test; the first writes evaluation.json.

Every figure but the last is of train and val, each slice answered by the network that did not see its patient. The test
part has three bleeding patients: what the shipped model says of them is told, and proves nothing.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brain_haemorrhage.fit import fit
from brain_haemorrhage.settle import AGES, SPECIFICITY
from brain_haemorrhage.shortcuts import shortcut_scores
from brain_haemorrhage.table import (
    LABELS,
    SUBTYPES,
    Slices,
    of_studies,
    pictures_of,
    slices_of,
    tested_slices_of,
)
from brain_haemorrhage.train import load_lines, load_logits, parts_of
from brain_haemorrhage.views import load_views
from kit.calibration import Platt, calibration, settle
from kit.figures import (
    at_specificity_of_other_folds,
    auroc,
    average_precision,
    difference,
    figure,
    threshold_at_specificity,
)
from kit.folds import Places, out_of_fold
from kit.intervals import share
from kit.json_file import read_json, rounded, write_json
from kit.learning_curve import learning_curve
from kit.recipe import Run
from kit.risk_coverage import bands, risk_coverage
from kit.robustness import robustness
from kit.scored import Floats, Scored
from kit.shipped import open_shipped
from kit.shortcuts import shortcut_rows
from kit.subgroups import LEAST_PATIENTS, subgroups

PART = "train and val, out of fold"
ADULT, OLD = 18, 60  # years


def calibrated(scored: Scored, folds: Places) -> Scored:
    """Probabilities [N] of logits, each by the line that the other folds give."""

    def probability(known: Places, asked: Places) -> Floats:
        platt, _ = settle(scored.truth[known], scored.score[known], "specificity", SPECIFICITY)
        return platt(scored.score[asked])

    return Scored(scored.patient, scored.truth, out_of_fold(folds, probability))


def of_slices(slices: Slices, logits: Floats) -> dict[str, Any]:
    """Of slices, whatever study they are of, pooled over the folds and fold by fold; and what their neighbours add."""
    scored = slices.scored(logits)
    areas = [auroc(scored.truth[held], scored.score[held]) for _, _, held in parts_of(slices)]
    return {
        **scored.counts,
        "auroc": figure(scored, auroc),
        "averagePrecision": figure(scored, average_precision),
        "aurocOfFolds": [None if area is None else rounded(area) for area in areas],
        "meanOfFolds": rounded(np.mean([area for area in areas if area is not None])),
        "aurocWithoutNeighbours": figure(slices.alone(logits), auroc),
        "gainByNeighbours": difference(scored, logits, auroc),
    }


def of_subtypes(slices: Slices, logits: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Of slices, each subtype against all other slices, where enough patients have it to say anything."""
    found = []
    for name in SUBTYPES:
        scored = slices.scored(logits[:, LABELS.index(name)], name)
        ill = len(np.unique(scored.patient[scored.truth == 1]))
        counts = {"name": name, **scored.counts, "positivePatients": ill, "assessable": ill >= LEAST_PATIENTS}
        if ill < LEAST_PATIENTS:
            found.append({**counts, "reason": f"{ill} patients with it of at least {LEAST_PATIENTS}"})
        else:
            found.append({**counts, "auroc": figure(scored, auroc)})
    return found


def groups_of(slices: Slices) -> dict[str, NDArray[np.bool_]]:
    """[N] each: age, sex, whether a fracture is seen on the slice, and whom serving would ask about."""
    attributes = [row.attributes for row in slices.rows]
    age = np.array([float(found["age"] or "nan") for found in attributes])
    sex, fracture = (np.array([found[name] for found in attributes]) for name in ("sex", "fracture"))
    return {
        f"younger than {ADULT} years": age < ADULT,
        f"{ADULT} to {OLD - 1} years": (age >= ADULT) & (age < OLD),
        f"{OLD} years or older": age >= OLD,
        "female": sex == "F",
        "male": sex == "M",
        "fracture on the slice": fracture == "1",
        "no fracture on the slice": fracture == "0",
        f"of the intended use ({AGES[0]} to {AGES[1]} years)": (age >= AGES[0]) & (age < AGES[1] + 1),
    }


def main(run: Run) -> None:
    slices, logits = slices_of(run.data), load_logits(run)
    manifest = read_json(run.model / "model.json")
    threshold = manifest["outputs"][0]["threshold"]
    seen = slices.scored(logits[:, 0])
    study, folds = slices.studies(logits[:, 0]), of_studies(slices.patients, slices.folds)
    probable = calibrated(study, folds)
    of_slice = threshold_at_specificity(seen.truth, seen.score, SPECIFICITY)
    images = pictures_of(run.data, slices.rows)
    report = {
        "model": {key: manifest[key] for key in ("name", "version", "sha256")},
        "threshold": threshold,
        "part": "train and val, five folds by patient, each answered by the network of the other four",
        "slices": of_slices(slices, logits[:, 0]),
        "studies": {
            **study.counts,
            "auroc": figure(study, auroc),
            "atSpecificity": {"wanted": SPECIFICITY, **at_specificity_of_other_folds(study, folds, SPECIFICITY)},
            "calibration": calibration(probable),
        },
        "subtypes": of_subtypes(slices, logits),
        "subgroups": {
            "unit": f"slice, at the threshold that gives all slices specificity {SPECIFICITY}",
            "groups": subgroups(seen, groups_of(slices), of_slice),
        },
        "shortcuts": shortcut_rows(seen, shortcut_scores(slices, images)),
        "riskCoverage": risk_coverage(probable, threshold, bands(probable.score, threshold)),
    }
    write_json(run.model / "evaluation.json", report)
    manifest["evaluation"]["primary"] = {
        "name": "auroc",
        "output": manifest["outputs"][0]["key"],
        **report["studies"]["auroc"],
        **{key: study.counts[key] for key in ("n", "patients")},
        "part": PART,
    }
    write_json(run.model / "model.json", manifest)
    print(report["slices"], report["studies"], report["shortcuts"], sep="\n")


def _add(run: Run, key: str, value: object) -> None:
    file = run.model / "evaluation.json"
    write_json(file, {**read_json(file), key: value})
    print(value)


def under_corruption(run: Run) -> None:
    """Of studies at the shipped threshold: the shipped graph's features, told by the lines of each slice's fold."""
    slices, shipped = slices_of(run.data), open_shipped(run.model)
    lines = {fold: load_lines(run, f"fold-{fold}") for fold, _, _ in parts_of(slices)}
    platt = Platt.of(shipped.manifest["outputs"][0])

    def answer(images: NDArray[np.uint8]) -> Floats:
        seen, logits = shipped.model.outputs(images, ["embedding"])["embedding"], np.empty(len(images))
        for fold, _, held in parts_of(slices):
            logits[held] = lines[fold].logits(seen[held])[:, 0]
        return platt(slices.studies(logits).score)

    truth = slices.studies(load_logits(run)[:, 0]).truth
    _add(run, "robustness", robustness(answer, pictures_of(run.data, slices.rows), truth, shipped.threshold()))


def of_fewer_patients(run: Run) -> None:
    """Slice AUROC over all folds where each learns from a share of the patients; of all, what is known already."""
    slices, (plain, views) = slices_of(run.data), load_views(run)

    def score(rows: Places) -> dict[str, object]:
        def logits(known: Places, asked: Places) -> Floats:
            return fit(views, slices.labels[:, :1], np.intersect1d(known, rows)).logits(plain[asked])[:, 0]

        all_ = len(rows) == len(slices.rows)
        found = load_logits(run)[:, 0] if all_ else out_of_fold(slices.folds, logits)
        print(f"{len(rows)} slices: AUROC {auroc(slices.labels[:, 0], found):.4f} before smoothing", flush=True)
        return {"auroc": figure(slices.scored(found), auroc)}

    _add(run, "learningCurve", learning_curve(slices.patients, score))


def on_test(run: Run) -> None:
    """What the shipped file says of the test part."""
    shipped = open_shipped(run.model)
    output, threshold = shipped.manifest["outputs"][0], shipped.threshold()
    shipped.look.begin()
    slices = tested_slices_of(run.data)
    logits = shipped.model.columns(pictures_of(run.data, slices.rows), ["logits"])["logits"]
    seen, study = slices.scored(logits), slices.studies(logits)
    called, ill = Platt.of(output)(study.score) >= threshold, study.truth == 1
    found = {
        "slices": {**seen.counts, "auroc": figure(seen, auroc)},
        "studies": {
            **study.counts,
            "auroc": figure(study, auroc),
            "sensitivity": share(int(called[ill].sum()), int(ill.sum())),
            "specificity": share(int((~called[~ill]).sum()), int((~ill).sum())),
        },
    }
    shipped.look.record("evaluation", found)
    _add(run, "test", found)
