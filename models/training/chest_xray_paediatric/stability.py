"""Step: what the model might lean on instead of the lungs, measured on val; adds to evaluation.json.

- Two networks trained by the same recipe, shorter, on the files stored one way, tested on those stored the other way:
  a gap to the same kind would mean that the way of storing is read.
- How far the classes come apart without lungs: from thumbnails, sharpness and the border alone, and for the shipped
  model with the middle of the image covered.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from chest_xray_paediatric.network import load_network, logits_of
from chest_xray_paediatric.table import SHAPE, pictures_of, rows_of, truth_of
from kit.figures import auroc, figure, specificity_at_sensitivity
from kit.json_file import read_json, write_json
from kit.recipe import Run
from kit.scored import Scored
from kit.shipped import open_shipped
from kit.shortcuts import THUMBNAIL, blocks, border, gradient_energy, linear_score, nearest_thumbnails, shortcut_rows
from kit.tables import Row, patients_of

BORDER = 24  # pixels of 224
STORED_AS = ("resized", "original")


def crossed(run: Run, rows: Sequence[Row], images: NDArray[np.uint8]) -> list[dict[str, object]]:
    stored = np.array([row.attributes["stored_as"] for row in rows])
    found = []
    for trained_on in STORED_AS:
        network = load_network(run.scratch / trained_on / "network.pt")
        score = logits_of(network, torch.from_numpy(images)).double().numpy()
        scored = Scored(patients_of(rows), truth_of(rows), score)
        for tested_on in STORED_AS:
            group = scored.at(stored == tested_on)
            found.append(
                {
                    "trainedOn": trained_on,
                    "testedOn": tested_on,
                    "n": len(group),
                    "auroc": figure(group, auroc),
                    "specificityAtSensitivity95": figure(group, partial(specificity_at_sensitivity, wanted=0.95)),
                }
            )
    return found


def covered(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The images with everything but the outer 24 pixels replaced by the image's mean grey."""
    mean = np.rint(images.mean(axis=(1, 2), keepdims=True)).astype(np.uint8)
    return np.where(border(SHAPE, BORDER), images, mean)


def main(run: Run) -> None:
    shipped = open_shipped(run.model)
    train, val = rows_of(run.data, "train"), rows_of(run.data, "val")
    known, images, labels = pictures_of(run.data, train), pictures_of(run.data, val), truth_of(train)
    rim = border(SHAPE, BORDER)
    scores = {
        f"nearest of {THUMBNAIL} x {THUMBNAIL} thumbnails": nearest_thumbnails(known, labels, images),
        f"logistic regression on the outer {BORDER} pixels": linear_score(
            blocks(known, rim), labels, blocks(images, rim)
        ),
        "sharpness alone (gradient energy)": linear_score(gradient_energy(known), labels, gradient_energy(images)),
        f"this model, all but the outer {BORDER} pixels covered": shipped.log_odds(covered(images)),
    }
    evaluation = read_json(run.model / "evaluation.json")
    evaluation["storedAs"] = crossed(run, val, images)
    model = Scored(patients_of(val), truth_of(val), shipped.log_odds(images))
    evaluation["shortcuts"] = shortcut_rows(model, scores)
    write_json(run.model / "evaluation.json", evaluation)
    print(evaluation["storedAs"], evaluation["shortcuts"], sep="\n")
