"""Step: writes MODEL_CARD.md. Every number in it comes from the JSON files beside it."""

from __future__ import annotations

from typing import Any

from kit.backbone import FEATURES
from kit.card import (
    calibration_text,
    change,
    figures_table,
    learning_curve_table,
    risk_coverage_text,
    said_by_every_card,
    share,
    shortcut_table,
    subgroup_table,
    table,
    with_interval,
)
from kit.evidence import reports
from kit.explanation.card import explanation_text
from kit.gates.card import gates_text
from kit.json_file import read_json
from kit.recipe import Run
from macular_oedema.normalise import WORKING
from macular_oedema.table import SHAPE
from macular_oedema.train import VIEWS

CARD = """# {title}

`{name}` {version} · **a reference model, NOT a medical device** · written by `models/training/macular_oedema/card.py`

## Intended use

{intended_use}

{asked_for}
What it says goes to the worklist and is about one B-scan.

## Population and data

B-scans of the macula by optical coherence tomography, UNAM, IMO, APEC and INDEREB, Mexico, 2015 to 2022: Hughes Cano,
Olivares Pinto and Thébault, *Dataset of Eye Fundus and OCT Images for the study of Diabetic Macular Edema and Diabetic
Retinopathy*, the authors' repository OCT-AND-EYE-FUNDUS-DATASET at commit 0cb190a. **No licence is given**, only "cite
as": research use, redistribution not confirmed (certainty: low). So no scan of it is in this folder, and the golden
objects are drawn by a program. Scans were squeezed from 1408 x 573 to {width} x {height} pixels and stored as JPEG of
quality 80. Oedema was diagnosed by retinal ophthalmologists. Age, sex, scanner and the axial scale are not given.

The set is of two sources: one whose scans are graded for retinopathy and one whose scans are not. The scanner's noise
floor and gain differ between the sources and, within each, between eyes with oedema and without. **The figures of this
card are therefore of the graded source alone**, unless they say otherwise.

## Training

The graph squeezes a scan to {working_width} x {working_height} and smooths it by a binomial 3 x 3 filter, so that no
answer hangs on detail that a resize on the way invented or took; measures its noise floor in the vitreous and its gain,
takes both off, blackens what lies above the retina and below the choroid, and shows the rest to EfficientNet-Lite0 as
ImageNet left it (Apache-2.0). What is trained is one linear layer on its {features} features, a ridge-penalised
logistic regression on {views} views of each scan: half of them vary as patients and scanners do (frame, tilt, mirror,
gamma, contrast, noise floor, blur, noise, JPEG), half are spoilt by one of the corruptions below. The smoothing, the
ridge (of three) and these views were chosen on the same five folds. Scans of either source, with oedema and without,
weigh alike, so that the source tells nothing of the label. Each scan is read as it is and mirrored, and both are
averaged: **a mirrored scan has the same answer and the mirrored map**, so no side can come from it.

Five folds by patient over train and val; calibrator and threshold come from the answers out of fold of the graded
source; what is shipped is fitted to all of train and val. The gates are fitted to train, their limits come from val. The
recipe is `npm run train -- macular-oedema --data DIR`; its logs are in `logs/`.

## Figures

Train and val, out of fold: {counts}. Intervals are 95 %, by bootstrap over patients. The threshold on the probability
is {threshold}.

{overall}

AUROC of each fold: {folds}. At the threshold that gives the other folds specificity {wanted}, sensitivity is
{sensitivity} and specificity {specificity}.

{calibration}

The expected calibration error is never 0 for so few scans, so it stands beside what it would be if every probability
were true.

Most of the graded source has no retinopathy, and healthy eyes are told from ill ones more easily than oedema is. **The
honest figure is that of eyes with retinopathy.** Groups of fewer than 20 positives, 20 negatives or 15 patients are not
assessed.

{subgroups}

The other source and both together, out of fold, at the same threshold; there the scanner tells the label as well (below):

{sources}

Were answers near the threshold left to a human, in bands chosen on these same answers:

{risk_coverage}

## The test part

The shipped file on {test_counts_both}, of which {test_counts}. It was used for this table, the gates, the map and parity,
and for nothing else. A fit before this one was looked at there as well and given up: its answer hung on the size in
which a scan comes. What was changed was chosen on train and val. {test_positive} scans of the graded source with oedema
say little: see the intervals.

{test}

{test_subgroups}

Calibration on the graded source of the test part:

{test_calibration}

Bands chosen out of fold, on the graded source of the test part:

{test_risk_coverage}

## Robustness

The graded source, out of fold, under ImageNet-C severity 3 and under imprecise framing and tilt, at the shipped
threshold.

{robustness}

## How much more data would help

AUROC of the graded source, out of fold, where each fold was fitted to fewer patients:

{learning_curve}

## What it might lean on

What the scanner alone tells of the graded source: from the grey percentiles of the uppermost rows (vitreous) and the
lowest, from sharpness, and from thumbnails, before and after normalisation, each fold scored by the others.

{shortcuts}

{lead}

The same of the other source, where before normalisation the scanner tells the label nearly as well as the model does:

{shortcuts_not_graded}

## What it cannot do

{limits}

## The same scan, stored otherwise

{parity_images} test scans from decoded pixels to the answer, each stored in other ways, against the answer to the scan as
8-bit MONOCHROME2 without compression (`npm run parity`):

{parity}

## What it refuses

{gates}

## The heat map

{explanation}

## Licences

{licences}
"""

FIGURES = {
    "AUROC": "auroc",
    "Average precision": "averagePrecision",
    "Sensitivity at the threshold": "sensitivity",
    "Specificity at the threshold": "specificity",
}


def counted(found: dict[str, Any]) -> str:
    return f"{found['n']} scans of {found['patients']} patients, {found['positive']} with oedema"


def side_by_side(groups: dict[str, dict[str, Any]]) -> str:
    """The figures of each named group, one group a line."""
    rows = [
        [name, *(str(found[count]) for count in ("n", "patients", "positive")), *_figures(found)]
        for name, found in groups.items()
    ]
    return table(["scans", "number", "patients", "with oedema", *(f"{name} (95 % CI)" for name in FIGURES)], rows)


def _figures(found: dict[str, Any]) -> list[str]:
    return [with_interval(found[key]) for key in FIGURES.values()]


def lead_text(found: dict[str, Any]) -> str:
    best, verdict = found["over"].split(",")[0], "is reached" if found["reached"] else "**is not reached**"
    return (
        f"The better of the two row classifiers after normalisation is that of {best}. The lower bound of the model's\n"
        f"interval lies {change(found['lead'])} from it; the aim of {change(found['wanted'])} {verdict}."
    )


def folds_text(found: list[dict[str, Any]]) -> str:
    return ", ".join("–" if fold["auroc"] is None else share(fold["auroc"]) for fold in found)


def main(run: Run) -> None:
    manifest = read_json(run.model / "model.json")
    found = reports(run.model, manifest)
    evaluation = found["evaluation"]
    overall, test, sources = evaluation["overall"], evaluation["test"], evaluation["sources"]
    at = evaluation["atSpecificityOfOtherFolds"]
    text = CARD.format(
        **said_by_every_card(manifest, found),
        height=SHAPE[0],
        width=SHAPE[1],
        working_height=WORKING[0],
        working_width=WORKING[1],
        features=FEATURES,
        views=len(VIEWS),
        counts=counted(overall),
        overall=figures_table({name: overall[key] for name, key in FIGURES.items()}),
        folds=folds_text(evaluation["folds"]),
        wanted=at["wanted"],
        sensitivity=with_interval(at["sensitivity"]),
        specificity=with_interval(at["specificity"]),
        calibration=calibration_text(overall["calibration"]),
        subgroups=subgroup_table(evaluation["subgroups"]),
        sources=side_by_side({"the other source": sources["notGraded"], "both sources": sources["both"]}),
        test_counts_both=counted(test["both"]),
        test_counts=f"{counted(test['graded'])} are of the graded source",
        test_positive=test["graded"]["positive"],
        test=side_by_side(
            {"graded source": test["graded"], "the other source": test["notGraded"], "both sources": test["both"]}
        ),
        test_subgroups=subgroup_table(test["subgroups"]),
        test_calibration=calibration_text(test["graded"]["calibration"]),
        test_risk_coverage=risk_coverage_text(test["riskCoverage"]),
        learning_curve=learning_curve_table(evaluation["learningCurve"], "auroc", "AUROC"),
        shortcuts=shortcut_table(evaluation["shortcuts"]),
        lead=lead_text(evaluation["leadOverRows"]),
        shortcuts_not_graded=shortcut_table(evaluation["shortcutsNotGraded"]),
        gates=gates_text(found["gates"], lost=[row["name"] for row in evaluation["robustness"] if not row["kept"]]),
        explanation=explanation_text(found["explanation"]),
    )
    (run.model / "MODEL_CARD.md").write_text(text)
