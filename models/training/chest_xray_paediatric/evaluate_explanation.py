"""Step: does the class activation map show what the model answers by? Writes explanation.json.

What it says is the manifest's `explanation.faithful`. A map is developed on val (`measure`), never on test.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from chest_xray_paediatric.network import WORKING, Network, load_network
from chest_xray_paediatric.table import SHAPE, pictures_of, rows_of
from kit.explanation.curves import Map, at_image_size
from kit.explanation.rivals import explain
from kit.explanation.shuffled import shuffled
from kit.json_file import write_json
from kit.recipe import Run
from kit.shipped import Shipped, open_shipped
from kit.tables import patients_of

MOST = 200  # images


@torch.no_grad()
def cells_of(network: Network, images: NDArray[np.uint8]) -> list[Map]:
    """[N,224,224] -> the class activation map of each, [h,w]."""
    return [network(torch.from_numpy(image)[None, None].float()).activation[0, 0].numpy() for image in images]


def maps_of(network: Network, images: NDArray[np.uint8]) -> list[Map]:
    return [at_image_size(cells, SHAPE) for cells in cells_of(network, images)]


def measure(run: Run, shipped: Shipped, split: str) -> dict[str, object]:
    torch.set_num_threads(2)
    rows = [row for row in rows_of(run.data, split) if row.labels["pneumonia"]]
    images = pictures_of(run.data, rows)
    called = np.flatnonzero(shipped.probability(images) >= shipped.threshold())
    called = called[:: max(1, -(-len(called) // MOST))]
    images = images[called]
    network = load_network(run.scratch / "fine" / "network.pt", WORKING)
    noise = maps_of(shuffled(network), images)
    return {
        "model": shipped.named,
        "part": split,
        "chosen": "images with pneumonia that the model calls positive",
        "cells": list(cells_of(network, images[:1])[0].shape),
        "score": "calibrated log odds of pneumonia",
        **explain(shipped.log_odds, images, patients_of(rows)[called], maps_of(network, images), noise),
    }


def main(run: Run) -> None:
    shipped = open_shipped(run.model)
    shipped.look.begin()
    report = measure(run, shipped, "test")
    shipped.look.record("explanation", report["gains"])
    write_json(run.model / "explanation.json", report)
    shipped.manifest["explanation"]["faithful"] = report["faithful"]
    write_json(run.model / "model.json", shipped.manifest)
    print(report)
