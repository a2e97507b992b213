"""Step: what ImageNet's backbone gives of each slice, as it is and in disturbed views. It learns nothing: once will do."""

from __future__ import annotations

import time

import numpy as np
import torch
from numpy.typing import NDArray

from brain_haemorrhage.augment import augment
from brain_haemorrhage.network import Late, Network, see
from brain_haemorrhage.table import pictures_of, slices_of
from kit.augmentation import views_of
from kit.backbone import imagenet_backbone
from kit.recipe import Run

VIEWS = 3  # disturbed ones of each slice


@torch.no_grad()
def embeddings_of(images: NDArray[np.uint8], batch: int = 32) -> NDArray[np.float32]:
    """[N,256,256] -> [N,2560]"""
    network = Network(Late(imagenet_backbone(fine=False))).eval()
    parts = torch.from_numpy(images[:, None]).split(batch)
    middles = (network.middle(see(part.float()).cropped) for part in parts)
    return torch.cat([network.late.answer(middle).embedding for middle in middles]).numpy()


def load_views(run: Run) -> NDArray[np.float32]:
    """[1+V,N,2560], of slices as they are first."""
    return np.load(run.scratch / "views.npy")


def main(run: Run) -> None:
    torch.set_flush_denormal(True)
    began = time.monotonic()
    images = pictures_of(run.data, slices_of(run.data).rows)
    found = [embeddings_of(images)]
    for seed in range(VIEWS):
        found.append(embeddings_of(views_of(images, seed, augment)))
        print(f"view {seed + 1} of {VIEWS} of {len(images)} slices, {time.monotonic() - began:.0f} s", flush=True)
    np.save(run.scratch / "views.npy", np.stack(found))
