"""Step: what the early blocks give of each slice, as it is and in disturbed views. They learn nothing: once will do."""

from __future__ import annotations

import time

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brain_haemorrhage.augment import augment
from brain_haemorrhage.network import Late, Network, see
from brain_haemorrhage.table import pictures_of, slices_of
from kit.augmentation import views_of
from kit.backbone import imagenet_backbone
from kit.recipe import Run

VIEWS = 6  # disturbed ones of each slice


@torch.no_grad()
def middles_of(images: NDArray[np.uint8], batch: int = 32) -> Tensor:
    """[N,256,256] -> [N,112,12,12] float16"""
    network = Network(Late(imagenet_backbone(fine=False))).eval()
    shown = torch.from_numpy(images[:, None])
    parts = map(Tensor.float, shown.split(batch))
    return torch.cat([network.middle(see(part).cropped).half() for part in parts])


def load_views(run: Run) -> Tensor:
    """[1+V,N,112,12,12] float16, of slices as they are first."""
    return torch.from_numpy(np.load(run.scratch / "views.npy"))


def main(run: Run) -> None:
    began = time.monotonic()
    images = pictures_of(run.data, slices_of(run.data).rows)
    found = [middles_of(images)]
    for seed in range(VIEWS):
        found.append(middles_of(views_of(images, seed, augment)))
        print(f"view {seed + 1} of {VIEWS} of {len(images)} slices, {time.monotonic() - began:.0f} s", flush=True)
    np.save(run.scratch / "views.npy", torch.stack(found).numpy())
