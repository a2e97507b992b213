"""Step: does the class activation map show what the model answers by? Writes explanation.json.

What it says is the manifest's `explanation.faithful`.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from kit.explanation.curves import Map, at_image_size
from kit.explanation.rivals import explain
from kit.explanation.shuffled import shuffled
from kit.json_file import write_json
from kit.recipe import Run
from kit.shipped import open_shipped
from macular_oedema.network import Network, load_network
from macular_oedema.table import SHAPE, Table


@torch.no_grad()
def cells_of(network: Network, images: NDArray[np.uint8]) -> list[Map]:
    """[N,208,512] -> the class activation map of each, [4,8]."""
    return [network(torch.from_numpy(image)[None, None].float()).activation[0, 0].numpy() for image in images]


def maps_of(network: Network, images: NDArray[np.uint8]) -> list[Map]:
    return [at_image_size(cells, SHAPE) for cells in cells_of(network, images)]


def main(run: Run) -> None:
    shipped = open_shipped(run.model)
    shipped.look.begin()
    table = Table.of(run.data, "test")
    called = np.flatnonzero((shipped.probability(table.images) >= shipped.threshold()) & (table.truth == 1))
    images, network = table.images[called], load_network(run.scratch / "network.pt")
    report = {
        "model": shipped.named,
        "part": "test",
        "chosen": "scans with oedema that the model calls positive",
        "cells": list(cells_of(network, images[:1])[0].shape),
        "score": "calibrated log odds of oedema",
        **explain(
            shipped.log_odds,
            images,
            table.patients[called],
            maps_of(network, images),
            maps_of(shuffled(network), images),
        ),
    }
    shipped.look.record("explanation", report["gains"])
    write_json(run.model / "explanation.json", report)
    shipped.manifest["explanation"]["faithful"] = report["faithful"]
    write_json(run.model / "model.json", shipped.manifest)
    print(report)
