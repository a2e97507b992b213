"""Step: does the class activation map show what the model answers by? Writes explanation.json.

The test part has three bleeding patients, so it is measured on train and val: each slice by the lines of the fold that
did not see its patient, on the features of the shipped graph. What it says is the manifest's `explanation.faithful`.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from brain_haemorrhage.fit import Lines
from brain_haemorrhage.network import CELLS, Network, folded
from brain_haemorrhage.table import SHAPE, pictures_of, slices_of
from brain_haemorrhage.train import load_late, load_lines, load_logits, parts_of
from kit.calibration import Platt
from kit.explanation.curves import Answer, Map, at_image_size
from kit.explanation.rivals import explain
from kit.explanation.shuffled import shuffled
from kit.json_file import write_json
from kit.recipe import Run
from kit.scored import Floats
from kit.shipped import Model, open_shipped

Images = NDArray[np.uint8]
MOST = 200  # images


@torch.no_grad()
def maps_of(network: Network, images: Images) -> list[Map]:
    """[N,256,256] -> the map of any haemorrhage over each, at its size."""
    found = [network(torch.from_numpy(image)[None, None].float()).activation[0, 0].numpy() for image in images]
    return [at_image_size(cells, SHAPE) for cells in found]


def answer_of(model: Model, lines: Lines, platt: Platt) -> Answer:
    """[M,256,256] -> [M], calibrated: the shipped graph's features, told by these lines."""

    def answer(images: Images) -> Floats:
        return platt.log_odds(lines.logits(model.outputs(images, ["embedding"])["embedding"])[:, 0])

    return answer


def main(run: Run) -> None:
    shipped = open_shipped(run.model)
    platt = Platt.of(shipped.manifest["outputs"][0])
    slices, logits = slices_of(run.data), load_logits(run)[:, 0]
    ill = np.flatnonzero((slices.labels[:, 0] == 1) & (platt(logits) >= shipped.threshold()))
    ill = ill[:: max(1, -(-len(ill) // MOST))]
    images = pictures_of(run.data, [slices.rows[row] for row in ill])
    told: dict[int, Answer] = {}
    own, noise = np.empty((2, len(ill), *SHAPE), np.float32)
    for fold, _, held in parts_of(slices):
        network = folded(load_late(run, f"fold-{fold}"))
        mine = np.flatnonzero(np.isin(ill, held))
        own[mine], noise[mine] = maps_of(network, images[mine]), maps_of(shuffled(network), images[mine])
        told[fold] = answer_of(shipped.model, load_lines(run, f"fold-{fold}"), platt)
    answers = [told[fold] for fold in slices.folds[ill]]
    report = {
        "model": shipped.named,
        "part": "out-of-fold",
        "chosen": "slices with a bleed that the lines of their fold call positive",
        "cells": [CELLS, CELLS],
        "score": "calibrated log odds of haemorrhage",
        **explain(answers, images, slices.patients[ill], own, noise),
    }
    write_json(run.model / "explanation.json", report)
    shipped.manifest["explanation"]["faithful"] = report["faithful"]
    write_json(run.model / "model.json", shipped.manifest)
    print(report)
