"""Step: writes MODEL_CARD.md. Every number in it comes from the JSON files beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from brain_haemorrhage.network import WORKING
from brain_haemorrhage.settle import withstood
from brain_haemorrhage.table import TOP
from brain_haemorrhage.views import VIEWS
from kit.card import (
    calibration_text,
    figures_table,
    learning_curve_table,
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

AIM = 0.9  # of the AUROC of slices

CARD = """# {title}

`{name}` {version} · **a reference model, NOT a medical device** · written by `models/training/brain_haemorrhage/card.py`

## Intended use

{intended_use}

{asked_for}
What it says goes to the worklist and is about one study. Below the threshold it says "not prioritised": that is not "no
haemorrhage", and nobody should read it so.

## Population and data

Axial slices of 5 mm of non-contrast head CT of injured patients, Al Hilla Teaching Hospital, Iraq: Hssayeni et al.,
*Intracranial Hemorrhage Segmentation Using a Deep Convolutional Model*, Data 5(1):14 (2020), CT-ICH 1.0.0. Train and
val are {n} slices of {patients} patients, {positive} slices of {ill} patients with a bleed by the consensus of two
radiologists; a slice without an image was left out.

**The pictures are windowed and of eight bits.** There are no Hounsfield units in the set, the window is not documented,
and the JPEG files were compressed twice. It is taken as width 120, level 40 from the grey of brain and fluid. In
serving the graph is shown Hounsfield units through that window; in every figure here, bare pictures enter after
windowing.

## Training

EfficientNet-Lite0 from ImageNet (Apache-2.0). The graph squeezes a slice to 256 x 256, softly, so that one that was
enlarged on the way says the same; finds the head by moments of its grey, cuts a square about it in the image's
proportions to {working} x {working}, as the head lies and with its long axis upright, and shows both to the backbone.
Its features are also held against those of their mirror place, since a bleed has seldom one opposite; and the mean is
taken of what is said of both squares and of their mirror images. The backbone stays ImageNet's: what learns is one
linear layer, by logistic regression with a strong ridge, from {views} views of each slice: half of them vary as
patients and scanners do (frame, aspect, turn, mirror, gamma, contrast, exposure, blur, noise, JPEG), half are spoilt by
one of the corruptions below; each of the five kinds of bleed has a line of its own.

A slice's logit is averaged with those of its neighbours (¼, ½, ¼; at the ends a slice is its own neighbour), and the
study's is the mean of the {top} highest. That the backbone learns nothing (teaching its late blocks gave less), the
strength of the ridge (of three), the views, the softness, the two looks, the mirror's mean and the weights of the
neighbours were chosen on the same five folds: figures here are a little too good for it. Calibrator and threshold are
of studies, out of fold. The recipe is `npm run train -- brain-haemorrhage --data DIR`; its logs are in `logs/`.

## Figures

Of train and val in five folds by patient, each answered by the network of the other four; the shipped network, trained
on all, is of the same make. Intervals are 95 %, by bootstrap over patients, and Wilson's where counts are of studies.

**Slices**, whatever study they are of ({positive} of {n} with a bleed):

{slices}

Fold by fold the AUROC is {folds}; their mean is {mean}. {aim}

**Studies** ({ill} of {patients} with a bleed). The threshold on the probability is {threshold}; the last two figures
call each fold at the threshold that gives the others specificity {wanted}:

{studies}

{calibration}

The expected calibration error is never 0 for so few studies, so it stands beside what it would be if every probability
were true.

Each kind of bleed, slices with it against all others:

{subtypes}

Groups of slices, at the threshold that gives all of them specificity {wanted}. Groups of fewer than 20 positives, 20
negatives or 15 patients are not assessed.

{subgroups}

Were studies near the threshold left to a human, in bands chosen on the same studies:

{risk_coverage}

Were there fewer patients to learn from (AUROC of slices, out of fold):

{learning_curve}

**The test part is anecdotal**: {test_n} slices of {test_patients} patients, {test_ill} with a bleed, looked at once
with the shipped file. A fit before this one was looked at there as well and given up: its answer hung on the size in
which a slice comes. What was changed was chosen on train and val. AUROC of slices {test_slices}, of studies
{test_auroc}; at the threshold {test_sensitivity} of the bleeding and {test_specificity} of the other studies were told
right.

## Robustness

Studies of train and val out of fold, all slices under ImageNet-C severity 3 and under imprecise collimation and tilt,
at the shipped threshold. One study more or less is {one_ill} of sensitivity and {one_well} of specificity.

{robustness}

## What it might lean on

How far slices come apart by what no reader would go by, out of the same folds and smoothed alike:

{shortcuts}

## What it cannot do

{limits}

## The same study, stored otherwise

{parity_images} test studies from decoded pixels to the answer, each stored in other ways, against the answer to the
pictures as 8-bit MONOCHROME2 without compression (`npm run parity`). The last four are no other way to store it but
another calibration and another field of view; nothing is promised of them:

{parity}

## What it refuses

Serving refuses a study where at least as many slices are refused as answered: {refused_studies} of {refused_of} test
studies. The bone window is no danger there, where the window is made from Hounsfield units; it is of bare pictures. In
the tables below an image is a slice, judged alone at the threshold of studies, which few slices reach by themselves.

{gates}

## The heat map

{explanation}

## Known confounds

- One site and one maker of scanners, pictures recorded from a screen. Clips of the head holder, the table's edge and
  swelling of the scalp are seen with injuries; a fracture often goes with an epidural bleed. The groups above say how
  much is left where no fracture is seen.
- The bleeding lie less straight than others (the table of shortcuts says how much that tells), and a tilted head is no
  mirror image of itself. One of the two looks is turned upright for it; the rotations above say what is left.
- Slices beside a bleed's last one are often borderline, and neighbouring slices are alike: figures of slices rest on
  {ill} bleeding patients, not on {positive} independent slices.

## Licences

{licences}
"""

SLICES = {
    "AUROC": "auroc",
    "– each slice without its neighbours": "aurocWithoutNeighbours",
    "– gain by neighbours": "gainByNeighbours",
    "Average precision": "averagePrecision",
}


def aim_text(found: Mapping[str, Any]) -> str:
    """Whether the slices' AUROC is as high as was wanted."""
    values = {"pooled": found["auroc"]["value"], "mean of folds": found["meanOfFolds"]}
    said = [f"{name} {share(value)}, {'reached' if value >= AIM else '**missed**'}" for name, value in values.items()]
    return f"Wanted was {AIM:.2f} or more: {'; '.join(said)}."


def subtype_table(found: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        [
            row["name"],
            str(row["positive"]),
            str(row["positivePatients"]),
            with_interval(row["auroc"]) if row["assessable"] else f"not assessable: {row['reason']}",
        ]
        for row in found
    ]
    return table(["kind", "slices with it", "patients with it", "AUROC (95 % CI)"], rows)


def _counted(found: Mapping[str, Any]) -> str:
    return f"{found['hits']} of {found['n']}"


def main(run: Run) -> None:
    manifest = read_json(run.model / "model.json")
    found = reports(run.model, manifest)
    evaluation, gates = found["evaluation"], found["gates"]
    slices, studies, test = evaluation["slices"], evaluation["studies"], evaluation["test"]
    at, refused = studies["atSpecificity"], gates["falseRefusals"]["studies"]
    _, lost = withstood(evaluation)
    text = CARD.format(
        **said_by_every_card(manifest, found),
        working=WORKING,
        views=len(VIEWS),
        top={3: "three"}.get(TOP, TOP),
        n=slices["n"],
        patients=slices["patients"],
        positive=slices["positive"],
        ill=studies["positive"],
        slices=figures_table({name: slices[key] for name, key in SLICES.items()}),
        folds=", ".join(share(area) for area in slices["aurocOfFolds"]),
        mean=share(slices["meanOfFolds"]),
        aim=aim_text(slices),
        wanted=f"{at['wanted']:.2f}",
        studies=figures_table(
            {
                "AUROC": studies["auroc"],
                f"Sensitivity ({_counted(at['sensitivity'])})": at["sensitivity"],
                f"Specificity ({_counted(at['specificity'])})": at["specificity"],
            }
        ),
        calibration=calibration_text(studies["calibration"]),
        subtypes=subtype_table(evaluation["subtypes"]),
        subgroups=subgroup_table(evaluation["subgroups"]["groups"]),
        learning_curve=learning_curve_table(evaluation["learningCurve"], "auroc", "AUROC of slices"),
        test_n=test["slices"]["n"],
        test_patients=test["slices"]["patients"],
        test_ill=test["studies"]["positive"],
        test_slices=with_interval(test["slices"]["auroc"]),
        test_auroc=with_interval(test["studies"]["auroc"]),
        test_sensitivity=_counted(test["studies"]["sensitivity"]),
        test_specificity=_counted(test["studies"]["specificity"]),
        one_ill=share(1 / studies["positive"]),
        one_well=share(1 / studies["negative"]),
        shortcuts=shortcut_table(evaluation["shortcuts"]),
        refused_studies=refused["hits"],
        refused_of=refused["n"],
        gates=gates_text(gates, lost=lost),
        explanation=explanation_text(
            found["explanation"], map_remark=", to which that of the square about the head is laid back"
        ),
    )
    (run.model / "MODEL_CARD.md").write_text(text)
