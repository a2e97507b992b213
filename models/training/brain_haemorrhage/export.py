"""Steps: fit the gates to the network as it is shipped, and write both as one ONNX graph."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from brain_haemorrhage.gates import INSET, Gated
from brain_haemorrhage.network import Answer, Network, folded, see
from brain_haemorrhage.table import pictures_of, slices_of
from brain_haemorrhage.train import load_late
from kit.augmentation import views_of, withstood
from kit.export import export
from kit.gates import fitting
from kit.gates.measures import manner, spread_of
from kit.gates.poses import POSES, posed
from kit.gates.scores import Gates, Scores, load_gates, ninths
from kit.recipe import Run
from kit.tables import part


@torch.no_grad()
def _seen(network: Network, images: NDArray[np.uint8], batch: int = 32) -> tuple[Tensor, Tensor]:
    """[N,256,256] -> what the gates look at, of the head as it lies: features in ninths [N,1008], and the manner each was
    taken in [N,6]."""
    features, manners = [], []
    for shown in torch.from_numpy(images[:, None]).split(batch):
        cropped = see(shown.float())[0].cropped
        features.append(ninths(network.middle(cropped)))
        manners.append(manner(cropped, spread_of(cropped, INSET), INSET))
    return torch.cat(features), torch.cat(manners)


def fit_gates(run: Run) -> None:
    network, gates = folded(load_late(run, "whole")), Gates(INSET)
    images = pictures_of(run.data, part(slices_of(run.data).rows, "train"))
    features, manners = _seen(network, np.concatenate([images, views_of(images, 5, withstood)]))
    turned = [_seen(network, posed(images[::8], pose))[0] for pose in POSES[1:]]
    fitting.fit_gates(gates, features, manners, [features[: len(images)], *turned])
    torch.save(gates.state_dict(), run.scratch / "gates.pt")
    print(f"gates fitted to {len(images)} slices of train, a view of each, {len(turned)} poses of an eighth")


def _images() -> Iterator[Tensor]:
    """Smooth images smaller, equal, larger and very unlike a square, something small in a wide and in a high one, and an
    even one."""
    generator = torch.Generator().manual_seed(0)
    for height, width in ((300, 260), (256, 256), (97, 131), (512, 512), (900, 400)):
        coarse = torch.rand(2, 1, 9, 9, generator=generator)
        yield F.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1) * 255
    for height, width in ((180, 320), (320, 180)):
        small = torch.zeros(1, 1, height, width)
        small[:, :, 80:110, 70:90] = 180.0
        yield small
    yield torch.full((1, 1, 300, 200), 77.0)


def main(run: Run) -> None:
    gated = Gated(folded(load_late(run, "whole")), load_gates(run.scratch / "gates.pt", INSET))
    export(gated, [*Answer._fields, *Scores._fields], list(_images()), run.model / "1" / "model.onnx")
