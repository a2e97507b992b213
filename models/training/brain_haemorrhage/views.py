"""Step: what ImageNet's backbone gives of each slice, as it is and in disturbed views. It learns nothing: once will do."""

from __future__ import annotations

import time

import numpy as np
import torch
from numpy.typing import NDArray

from brain_haemorrhage.augment import augment
from brain_haemorrhage.network import Late, folded
from brain_haemorrhage.table import pictures_of, slices_of
from kit.augmentation import views_of, withstood
from kit.backbone import imagenet_backbone
from kit.recipe import Run

VIEWS = (augment,) * 4 + (withstood,) * 4  # of each slice: what patients and scanners vary, and what goes wrong


@torch.no_grad()
def embeddings_of(images: NDArray[np.uint8], batch: int = 32) -> NDArray[np.float32]:
    """[N,256,256] -> [N,2560]"""
    network = folded(Late(imagenet_backbone(fine=False)))
    parts = torch.from_numpy(images[:, None]).split(batch)
    return torch.cat([network(part.float()).embedding for part in parts]).numpy()


def load_views(run: Run) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """[N,2560] of slices as they are, and [V,N,2560] of their views."""
    every = np.load(run.scratch / "views.npy")
    return every[0], every[1:]


def main(run: Run) -> None:
    torch.set_flush_denormal(True)
    began = time.monotonic()
    images = pictures_of(run.data, slices_of(run.data).rows)
    found = [embeddings_of(images)]
    for seed, view in enumerate(VIEWS):
        found.append(embeddings_of(views_of(images, seed, view)))
        print(f"view {seed + 1} of {len(VIEWS)} of {len(images)} slices, {time.monotonic() - began:.0f} s", flush=True)
    np.save(run.scratch / "views.npy", np.stack(found))
