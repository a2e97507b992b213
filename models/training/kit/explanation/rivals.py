"""The map against three that know nothing of the image's evidence.

A Gaussian in the middle, the mean map of the set, and the map of the same network with its weights shuffled; each in
insertion and in deletion (`curves.py`), by how much the map is better on the same image.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kit.explanation.curves import DEVIATION, STEPS, Answer, Map, areas
from kit.intervals import mean_interval
from kit.json_file import rounded
from kit.scored import Names

RIVALS = {
    "gaussian": "a Gaussian in the middle of the image",
    "mean": "the mean map of these images",
    "shuffled": "the map of the same network with its weights shuffled",
}
CURVES = {"insertion": 1, "deletion": -1}  # whether a larger area is better
WIDTH = 0.25  # standard deviation of the Gaussian, of the side


def gaussian(shape: tuple[int, int]) -> Map:
    """[H,W]"""
    down, across = ((np.arange(side) + 0.5) / side - 0.5 for side in shape)
    return np.exp(-(down[:, None] ** 2 + across[None] ** 2) / (2 * WIDTH**2)).astype(np.float32)


def explain(
    answer: Answer | Sequence[Answer],
    images: np.ndarray,
    patients: Names,
    own: Sequence[Map],
    noise: Sequence[Map],
) -> dict[str, Any]:
    """How the maps [H,W] of images [N,H,W] compare with their rivals; `noise` are those of the shuffled network.

    `answer` gives the score that the curves are of: log odds, since a probability that is high already hardly moves. It
    is one for all images, or one for each.
    """
    answers = answer if isinstance(answer, Sequence) else [answer] * len(images)
    fixed = {"gaussian": gaussian(images.shape[1:]), "mean": np.mean(own, axis=0)}
    found = [
        areas(answers[index], image, {"activation": own[index], **fixed, "shuffled": noise[index]})
        for index, image in enumerate(images)
    ]
    return {
        "images": len(images),
        "patients": len(np.unique(patients)),
        "steps": STEPS,
        "baseline": f"a Gaussian blur of {DEVIATION:g} pixels of 224, for insertion and for deletion",
        **compare(patients, found),
    }


def compare(patients: Names, found: Sequence[dict[str, dict[str, float]]]) -> dict[str, Any]:
    """Mean areas of each map and, for each rival, how much better the activation map is: paired, by patient."""
    area = {
        (name, curve): np.array([image[name][curve] for image in found])
        for name in ("activation", *RIVALS)
        for curve in CURVES
    }
    gains = []
    for name, words in RIVALS.items():
        for curve, sign in CURVES.items():
            gain = sign * (area["activation", curve] - area[name, curve])
            interval = [rounded(bound) for bound in mean_interval(patients, gain)]
            gains.append(
                {"against": name, "words": words, "curve": curve, "gain": rounded(gain.mean()), "ci95": interval}
            )
    return {
        "areas": [
            {"map": name, "curve": curve, "mean": rounded(values.mean())} for (name, curve), values in area.items()
        ],
        "gains": gains,
        "faithful": all(gain["ci95"][0] > 0 for gain in gains),
    }
