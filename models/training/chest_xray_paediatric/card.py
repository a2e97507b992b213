"""Step: writes MODEL_CARD.md. Every number in it comes from the JSON files beside it."""

from __future__ import annotations

from typing import Any

from chest_xray_paediatric.network import WORKING
from kit.card import (
    calibration_text,
    figures_table,
    said_by_every_card,
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

CARD = """# {title}

`{name}` {version} · **a reference model, NOT a medical device** · written by `models/training/chest_xray_paediatric/card.py`

## Intended use

{intended_use}

{asked_for}
What it says goes to the worklist and is about one image.

## Population and data

Chest radiographs of children of one to five years, antero-posterior, Guangzhou Women and Children's Medical Center:
Kermany et al., *Identifying Medical Diagnoses and Treatable Diseases by Image-Based Deep Learning*, Cell 172 (2018)
1122-1131, doi 10.1016/j.cell.2018.02.010, CC BY 4.0 as its Mendeley page states (this copy came by way of a public
repository that does not repeat the licence; certainty: medium). It is the training part of that set, 5216 images of
2846 patients, squeezed to 224 x 224 without keeping the aspect ratio, divided by patient into train, val and test. The
official, harder test part is not among it. Age of each child and sex are not given.

## Training

EfficientNet-Lite0 from ImageNet (Apache-2.0), its last stride left out, so that its map has cells of 16 pixels of what it
sees. The graph squeezes the image it is given to {working} x {working} (once, linear, antialiased, aspect ratio not kept)
and smooths it by a binomial 3 x 3 filter, so that no answer hangs on detail that a resize on the way invented or took,
takes mean and spread out of it (measured on the inner part of a squeeze to 224 x 224, as what the gates look at is), and
shows it to the backbone. Batches are balanced; views
are augmented: frame, aspect, rotation, mirror, gamma, contrast, exposure, blur, resampling, noise, JPEG, patches over
markers and borders, up to ImageNet-C severity 3. In the last rounds half of the views are shown again with parts blurred
away, and the map must give the places still seen what it gave them before and the others nothing. The weights are a
running average. The round was chosen on one half of val (by patient); the size was set before that and is compared with
others there in `logs/choose-size.log`; calibrator and threshold come from the other half. The test part was used for the
figures below and for nothing else. The recipe is `npm run train -- chest-xray-paediatric --data DIR`; its logs are
in `logs/`.

## Figures

Test part: {n} images of {patients} patients, {pneumonia} with pneumonia. Intervals are 95 %, by bootstrap over
patients. The threshold on the probability is {threshold}.

{overall}

{calibration}

The expected calibration error is never 0 for so few images, so it stands beside what it would be if every probability
were true. Groups of fewer than 20 positives, 20 negatives or 15 patients are not assessed.

{subgroups}

Were answers near the threshold left to a human, in bands chosen on the calibrating half of val:

{risk_coverage}

For comparison: the set's authors report AUROC .968 on its official test part, which is harder than this one; the two
numbers cannot be compared.

## Robustness

The same test images under ImageNet-C severity 3 and under imprecise collimation and tilt, at the shipped threshold.

{robustness}

## What it might lean on

{stability}

## What it cannot do

{limits}

## The same image, stored otherwise

{parity_images} test images from decoded pixels to the answer, each stored in other ways, against the answer to the image
as 8-bit MONOCHROME2 without compression (`npm run parity`):

{parity}

## What it refuses

{gates}

## The heat map

{explanation}

## Known confounds

- Normal images are framed more widely and, in the published set, larger than those of ill children; tubes, electrodes
  and monitors are seen with pneumonia. Augmentation weakens these cues; the tables above show how much is left without
  lungs.
- The two classes carry different forms of patient id in the source, so they may have been collected separately.
- 30 % of the files were stored as the original and 70 % already resized, independent of the label.

## Licences

{licences}
"""

UNSEEN_REMARK = """. Version 2.0.0 and a first fit of this one were
measured on them before, so they are not unseen any more; 2.0.0 refused more of them, and more of the diseased than of
the normal under blur and overexposure"""

SCORE_REMARK = """, which was settled on val: there the
probability of an image with nothing in it was high already, and its curves hardly moved"""

STABILITY = """Two networks of the recipe's first step, trained shorter (2 rounds of 1472 views, 128 x 128, the coarse map) on the
files stored one way, on val:

{stored_as}

How far the classes come apart with little or nothing of the lungs, on val:

{shortcuts}

Thumbnails and borders separate the classes of this data set too: a high AUROC on it is weak evidence of
reading lungs, and figures on images of another source will be lower."""

FIGURES = {
    "AUROC": "auroc",
    "Average precision": "averagePrecision",
    "Sensitivity at the threshold": "sensitivity",
    "Specificity at the threshold": "specificity",
    "Specificity at sensitivity .95": "specificityAtSensitivity95",
}


def stability_text(evaluation: dict[str, Any]) -> str:
    rows = [
        [
            row["trainedOn"],
            row["testedOn"],
            str(row["n"]),
            with_interval(row["auroc"]),
            with_interval(row["specificityAtSensitivity95"]),
        ]
        for row in evaluation["storedAs"]
    ]
    head = [
        "trained on files stored as",
        "tested on",
        "images",
        "AUROC (95 % CI)",
        "specificity at sens. .95 (95 % CI)",
    ]
    return STABILITY.format(stored_as=table(head, rows), shortcuts=shortcut_table(evaluation["shortcuts"]))


def main(run: Run) -> None:
    manifest = read_json(run.model / "model.json")
    found = reports(run.model, manifest)
    evaluation = found["evaluation"]
    overall = evaluation["overall"]
    text = CARD.format(
        **said_by_every_card(manifest, found),
        working=WORKING,
        n=overall["n"],
        patients=overall["patients"],
        pneumonia=overall["positive"],
        overall=figures_table({name: overall[key] for name, key in FIGURES.items()}),
        calibration=calibration_text(overall["calibration"]),
        subgroups=subgroup_table(evaluation["subgroups"]),
        stability=stability_text(evaluation),
        gates=gates_text(found["gates"], UNSEEN_REMARK),
        explanation=explanation_text(found["explanation"], SCORE_REMARK),
    )
    (run.model / "MODEL_CARD.md").write_text(text)
