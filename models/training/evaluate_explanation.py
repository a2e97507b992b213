"""Step 6b: does the class activation map show what the model answers by? Writes explanation.json.

    python evaluate_explanation.py --data DIR --model ../chest-xray-paediatric --network runs/main/network.pt --part test

The score is the log odds, not the probability: where three of four images show disease, one that shows nothing at all
has a high probability already, and a curve of it is flat. The map must beat three that know nothing of the image's
evidence: a Gaussian in the middle, the mean map of the set and the map of the same network with its weights shuffled,
each in insertion and in deletion. It is developed on val; test is looked at once, and what it says there is the
manifest's `explanation.faithful`.
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from answers import Model, probabilities
from curves import DEVIATION, STEPS, Map, areas, at_image_size
from evaluate import rounded
from export_onnx import load_network
from images import SIZE, read_images
from json_file import read_json, write_json
from labels import Row, part, read_rows
from network import Network

RIVALS = {
    "gaussian": "a Gaussian in the middle of the image",
    "mean": "the mean map of these images",
    "shuffled": "the map of the same network with its weights shuffled",
}
WIDTH = 0.25  # standard deviation of the Gaussian, of the side


def gaussian() -> Map:
    place = (np.arange(SIZE) + 0.5) / SIZE - 0.5
    return np.exp(-(place[:, None] ** 2 + place[None] ** 2) / (2 * WIDTH**2)).astype(np.float32)


@torch.no_grad()
def shuffled(network: Network, seed: int = 0) -> Network:
    """The network with the values of every tensor in a random order."""
    generator = torch.Generator().manual_seed(seed)
    network = copy.deepcopy(network).eval()
    for weights in network.parameters():
        flat = weights.flatten()
        weights.copy_(flat[torch.randperm(flat.numel(), generator=generator)].view_as(weights))
    return network


@torch.no_grad()
def maps_of(network: Network, images: NDArray[np.uint8]) -> list[Map]:
    """[N,224,224] -> the class activation map of each, at image size."""
    cells = [network(torch.from_numpy(image)[None, None].float()).activation[0, 0].numpy() for image in images]
    return [at_image_size(map_, SIZE) for map_ in cells]


def interval(patients: list[str], values: NDArray[np.float64], draws: int = 2000, seed: int = 0) -> list[float]:
    """95 % percentile interval of the mean when patients, with all their images, are redrawn."""
    rng = np.random.default_rng(seed)
    names, place = np.unique(patients, return_inverse=True)
    total, count = np.bincount(place, values), np.bincount(place)
    chosen = rng.integers(0, len(names), (draws, len(names)))
    return [rounded(bound) for bound in np.percentile(total[chosen].sum(1) / count[chosen].sum(1), [2.5, 97.5])]


def compare(rows: list[Row], found: list[dict[str, dict[str, float]]]) -> dict[str, object]:
    """Mean areas of each map and, for each rival, how much better the activation map is: paired, by patient."""
    patients = [row.patient for row in rows]
    area = {
        (name, curve): np.array([image[name][curve] for image in found])
        for name in ("activation", *RIVALS)
        for curve in ("insertion", "deletion")
    }
    gains = [
        {
            "against": name,
            "words": words,
            "curve": curve,
            "gain": rounded((gain := sign * (area["activation", curve] - area[name, curve])).mean()),
            "ci95": interval(patients, gain),
        }
        for name, words in RIVALS.items()
        for curve, sign in (("insertion", 1), ("deletion", -1))
    ]
    return {
        "areas": [
            {"map": name, "curve": curve, "mean": rounded(values.mean())} for (name, curve), values in area.items()
        ],
        "gains": gains,
        "faithful": all(gain["ci95"][0] > 0 for gain in gains),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--network", type=Path, required=True)
    parser.add_argument("--part", choices=["val", "test"], required=True)
    parser.add_argument("--most", type=int, default=200)
    args = parser.parse_args()

    torch.set_num_threads(2)
    manifest = read_json(args.model / "model.json")
    output = manifest["outputs"][0]
    model = Model(args.model / manifest["file"])

    line = output["calibration"]

    def answer(images: NDArray[np.uint8]) -> NDArray[np.float64]:
        return line["slope"] * model.logits(images, batch=24) + line["intercept"]

    rows = [row for row in part(read_rows(args.data), args.part) if row.pneumonia]
    images = read_images(args.data, rows)
    certain = probabilities(model.logits(images), line["slope"], line["intercept"])
    called = np.flatnonzero(certain >= output["threshold"])
    called = called[:: max(1, -(-len(called) // args.most))]
    rows, images = [rows[index] for index in called], images[called]
    network = load_network(args.network)
    cells = network(torch.from_numpy(images[:1, None]).float()).activation.shape[-2:]
    own, noise = maps_of(network, images), maps_of(shuffled(network), images)
    fixed = {"gaussian": gaussian(), "mean": np.mean(own, axis=0)}
    found = [
        areas(answer, image, {"activation": own[index], **fixed, "shuffled": noise[index]})
        for index, image in enumerate(images)
    ]
    report = {
        "model": {key: manifest[key] for key in ("name", "version", "sha256")},
        "part": args.part,
        "images": len(rows),
        "patients": len({row.patient for row in rows}),
        "chosen": "images with pneumonia that the model calls positive",
        "cells": list(cells),
        "steps": STEPS,
        "baseline": f"a Gaussian blur of {DEVIATION:g} pixels of {SIZE}, for insertion and for deletion",
        "score": "calibrated log odds of pneumonia",
        **compare(rows, found),
    }
    print(report, flush=True)
    if args.part == "test":
        with (args.model / "logs" / "test-evaluations.log").open("a") as handle:
            print(f"{manifest['version']} {manifest['sha256'][:12]} explanation: {report['gains']}", file=handle)
        write_json(args.model / "explanation.json", report)
        manifest["explanation"]["faithful"] = report["faithful"]
        write_json(args.model / "model.json", manifest)


if __name__ == "__main__":
    main()
