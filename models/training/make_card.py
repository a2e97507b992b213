"""Step 8: writes MODEL_CARD.md. Every number in it comes from the JSON files beside it.

python make_card.py --model ../chest-xray-paediatric --working 160
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from card_explanation import explanation_text
from card_gates import gates_text
from card_tables import change, share, table, with_interval
from json_file import read_json

CARD = """# {title}

`{name}` {version} · **a reference model, NOT a medical device** · written by `models/training/make_card.py`

## Intended use

{intended_use}

It is asked only for {modalities} images of {body_parts}, view {views}, of children of {min_years} to {max_years} years
(inclusive). Anything else, and an unknown age, is skipped with a reason, never answered as a negative. What it says
goes to the worklist and is about one image.

## Population and data

Chest radiographs of children of one to five years, antero-posterior, Guangzhou Women and Children's Medical Center:
Kermany et al., *Identifying Medical Diagnoses and Treatable Diseases by Image-Based Deep Learning*, Cell 172 (2018)
1122-1131, doi 10.1016/j.cell.2018.02.010, CC BY 4.0 as its Mendeley page states (this copy came by way of a public
repository that does not repeat the licence; certainty: medium). It is the training part of that set, 5216 images of
2846 patients, squeezed to 224 x 224 without keeping the aspect ratio, divided by patient into train, val and test. The
official, harder test part is not among it. Age of each child and sex are not given.

## Training

EfficientNet-Lite0 from ImageNet (Apache-2.0), its last stride left out, so that its map has cells of 16 pixels of what it
sees. The graph squeezes the image it is given to {working} x {working} (once, linear, antialiased, aspect ratio not kept),
takes mean and spread out of it (measured on the inner part of a squeeze to 224 x 224, as what the gates look at is), and
shows it to the backbone. Batches are balanced; views
are augmented: frame, aspect, rotation, mirror, gamma, contrast, exposure, blur, resampling, noise, JPEG, patches over
markers and borders, up to ImageNet-C severity 3. In the last rounds half of the views are shown again with parts blurred
away, and the map must give the places still seen what it gave them before and the others nothing. The weights are a
running average. The round was chosen on one half of val (by patient); the size was set before that and is compared with
others there in `logs/choose-size.log`; calibrator and threshold come from the other half. The test part was used for the
figures below and for nothing else. The recipe is `models/training/train.sh chest-xray-paediatric --data DIR`; its logs
are in `logs/`.

## Figures

Test part: {n} images of {patients} patients, {pneumonia} with pneumonia. Intervals are 95 %, by bootstrap over
patients. The threshold on the probability is {threshold}.

{overall}

{subgroups}

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


def overall_table(figures: dict[str, Any]) -> str:
    named = {
        "AUROC": "auroc",
        "Sensitivity at the threshold": "sensitivity",
        "Specificity at the threshold": "specificity",
        "Specificity at sensitivity .95": "specificityAtSensitivity95",
    }
    rows = [[label, with_interval(figures[key])] for label, key in named.items()]
    line = figures["calibration"]
    rows.append(["Brier score", share(figures["brier"])])
    rows.append(["Calibration slope, intercept", f"{line['slope']:.2f}, {line['intercept']:.2f}"])
    rows.append(["Expected calibration error", share(figures["expectedCalibrationError"])])
    return table(["figure", "value (95 % CI)"], rows)


def subgroup_table(groups: list[dict[str, Any]]) -> str:
    rows = [[g["name"], str(g["n"]), str(g["patients"]), with_interval(g["auroc"])] for g in groups]
    return table(["group", "images", "patients", "AUROC (95 % CI)"], rows)


def robustness_table(rows: list[dict[str, Any]]) -> str:
    head = ["corruption", "AUROC", "sensitivity", "change", "specificity", "change", "specificity at sens. .95"]
    return table(
        head,
        [
            [
                row["name"],
                share(row["auroc"]),
                share(row["sensitivity"]),
                change(row["sensitivityChange"]),
                share(row["specificity"]),
                change(row["specificityChange"]),
                share(row["specificityAtSensitivity95"]),
            ]
            for row in rows
        ],
    )


def parity_table(report: dict[str, Any]) -> str:
    rows = [
        [
            row["variant"],
            f"{row['largest']:.4f}",
            "–" if row["limit"] is None else f"{row['limit']:g}" + ("" if row["kept"] else ", **broken**"),
            str(row["crossings"]),
            str(row["gateChanges"]),
        ]
        for row in report["variants"]
    ]
    head = ["stored as", "largest change of a probability", "limit", "threshold crossed", "refusals that changed"]
    return table(head, rows)


def stability_text(evaluation: dict[str, Any]) -> str:
    parts = []
    if evaluation.get("storedAs"):
        rows = [
            [r["trainedOn"], r["testedOn"], str(r["n"]), share(r["auroc"]), share(r["specificityAtSensitivity95"])]
            for r in evaluation["storedAs"]
        ]
        head = ["trained on files stored as", "tested on", "images", "AUROC", "specificity at sens. .95"]
        parts.append(
            "Two networks of the recipe's first step, trained shorter (2 rounds of 1472 views, 128 x 128, the coarse map) on the\n"
            "files stored one way, on val:\n\n"
            f"{table(head, rows)}\n"
        )
    if evaluation.get("shortcuts"):
        rows = [[row["name"], share(row["auroc"])] for row in evaluation["shortcuts"]]
        parts.append(
            "How far the classes come apart with little or nothing of the lungs, on val:\n\n"
            f"{table(['what is seen', 'AUROC'], rows)}\n\n"
            "Thumbnails and borders separate the classes of this data set too: a high AUROC on it is weak evidence of\n"
            "reading lungs, and figures on images of another source will be lower.\n"
        )
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--working", type=int, required=True)
    args = parser.parse_args()

    manifest = read_json(args.model / "model.json")
    evaluation = read_json(args.model / "evaluation.json")
    if evaluation["model"]["sha256"] != manifest["sha256"]:
        raise ValueError("evaluation.json is of other weights than model.json")
    gates, explanation = read_json(args.model / "gates.json"), read_json(args.model / "explanation.json")
    parity = read_json(args.model / "parity.json")
    if {gates["model"]["sha256"], explanation["model"]["sha256"], parity["sha256"]} != {manifest["sha256"]}:
        raise ValueError("gates.json, explanation.json or parity.json is of other weights than model.json")
    applicability, overall = manifest["applicability"], evaluation["overall"]
    text = CARD.format(
        title=manifest["title"],
        name=manifest["name"],
        version=manifest["version"],
        intended_use=manifest["intendedUse"],
        modalities=" and ".join(applicability["modality"]),
        body_parts=", ".join(applicability["bodyPart"]),
        views=", ".join(applicability["view"]),
        min_years=applicability["age"]["minYears"],
        max_years=applicability["age"]["maxYears"],
        working=args.working,
        n=overall["n"],
        patients=overall["patients"],
        pneumonia=overall["pneumonia"],
        threshold=evaluation["threshold"],
        overall=overall_table(overall),
        subgroups=subgroup_table(evaluation["subgroups"]),
        robustness=robustness_table(evaluation["robustness"]),
        stability=stability_text(evaluation),
        parity_images=parity["images"],
        parity=parity_table(parity),
        gates=gates_text(gates),
        explanation=explanation_text(explanation),
        limits="\n".join(f"- {limit}" for limit in manifest["limits"]),
        licences="\n".join(f"- {what}: {licence}" for what, licence in manifest["licences"].items()),
    )
    (args.model / "MODEL_CARD.md").write_text(text)


if __name__ == "__main__":
    main()
