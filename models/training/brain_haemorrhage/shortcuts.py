"""How far slices with and without a bleed come apart by what no reader would go by, out of the same folds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from brain_haemorrhage.network import see
from brain_haemorrhage.table import SHAPE, Slices
from kit.folds import out_of_fold
from kit.scored import Floats
from kit.shortcuts import blocks, border, gradient_energy, linear_score, nearest_thumbnails, percentiles

RIM = 24  # pixels: air, table and head holder, seldom a head


def _place(slices: Slices) -> Floats:
    """[N,3]: how far up the head a slice lies, from 0 (base) to 1 (vertex), its square, and how many there are."""
    number = np.array([float(row.attributes["slice"]) for row in slices.rows])
    most = np.array([number[slices.patients == patient].max() for patient in slices.patients])
    return np.stack([number / most, (number / most) ** 2, most], axis=1)


def _tilt(images: NDArray[np.uint8], batch: int = 64) -> Floats:
    """[N,1]: how far from upright a head lies, in radians, either way."""
    windows = [see(part.float())[1].window for part in torch.from_numpy(images[:, None]).split(batch)]
    row = torch.cat(windows)[:, 0]
    return torch.atan2(row[:, 1:2], row[:, :1]).abs().numpy().astype(np.float64)


def shortcut_scores(slices: Slices, images: NDArray[np.uint8]) -> dict[str, Floats]:
    """[N] each, smoothed as the model's, of images [N,256,256]."""
    truth, rim = slices.labels[:, 0], border(SHAPE, RIM)

    def linear(features: Floats) -> Callable[..., Floats]:
        return lambda known, asked: linear_score(features[known], truth[known], features[asked])

    scores = {
        "nearest thumbnails": lambda known, asked: nearest_thumbnails(images[known], truth[known], images[asked]),
        "border only": linear(np.hstack([percentiles(images, rim), blocks(images, rim)])),
        "gradient energy": linear(gradient_energy(images)),
        "place of the slice in the head": linear(_place(slices)),
        "tilt of the head": linear(_tilt(images)),
    }
    return {name: slices.smoothed(out_of_fold(slices.folds, answer)) for name, answer in scores.items()}
