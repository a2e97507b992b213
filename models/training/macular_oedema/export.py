"""Steps: fit the gates to the network as it is shipped, and write both as one ONNX graph."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from kit.augmentation import views_of, withstood
from kit.export import TOLERANCE, export
from kit.gates import fitting
from kit.gates.measures import manner, spread_of
from kit.gates.poses import POSES, posed
from kit.gates.scores import Gates, Scores, load_gates, ninths
from kit.recipe import Run
from macular_oedema.gates import MARGIN, Gated, both_ways
from macular_oedema.network import Answer, Network, folded, load_network
from macular_oedema.table import Table


def _shipped(run: Run) -> Network:
    return folded(load_network(run.scratch / "network.pt"))


def _batches(images: NDArray[np.uint8], batch: int = 32) -> Iterator[Tensor]:
    for at in range(0, len(images), batch):
        yield torch.from_numpy(np.ascontiguousarray(images[at : at + batch, None])).float()


@torch.no_grad()
def _features(network: Network, images: NDArray[np.uint8]) -> Tensor:
    """[N,H,W] -> what the gates look at, [N,1008]."""
    return torch.cat([ninths(both_ways(network.middles(batch))) for batch in _batches(images)])


def _manners(images: NDArray[np.uint8]) -> Tensor:
    """[N,208,512] -> in what manner each was taken, [N,6]."""
    return torch.cat([manner(batch, spread_of(batch, MARGIN), MARGIN) for batch in _batches(images)])


def fit_gates(run: Run) -> None:
    network, gates, images = _shipped(run), Gates(MARGIN), Table.of(run.data, "train").images
    shown = np.concatenate([views_of(images, seed, withstood) for seed in (5, 6)])
    turned = [_features(network, posed(images[::4], pose)) for pose in POSES[1:]]
    fitting.fit_gates(gates, _features(network, shown), _manners(shown), [_features(network, images), *turned])
    torch.save(gates.state_dict(), run.scratch / "gates.pt")
    print(f"gates fitted to {len(images)} scans of train, {len(shown)} views, {len(turned)} poses of every fourth scan")


def _images() -> Iterator[Tensor]:
    """Smooth images smaller, equal, larger and very unlike a B-scan, and an even one."""
    generator = torch.Generator().manual_seed(0)
    for height, width in ((208, 512), (573, 1408), (97, 131), (496, 1536), (900, 640)):
        coarse = torch.rand(2, 1, 9, 9, generator=generator)
        yield F.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1) * 255
    yield torch.full((1, 1, 200, 300), 77.0)


@torch.no_grad()
def refuse_a_side(network: Network, image: Tensor) -> None:
    """Raises ValueError where a mirrored image has another answer, or a map that is not the mirrored one.

    Beyond rounding, which grows with the numbers: a sum is not the same in another order.
    """
    answer, mirrored = network(image), network(image.flip(3))
    pairs = ((answer.logits, mirrored.logits), (answer.activation, mirrored.activation.flip(3)))
    if any((one - other).abs().max() > TOLERANCE * one.abs().max().clamp(min=1) for one, other in pairs):
        raise ValueError("a mirrored image has another answer or another map")


def main(run: Run) -> None:
    network, images = _shipped(run), list(_images())
    refuse_a_side(network, images[0])
    gated = Gated(network, load_gates(run.scratch / "gates.pt", MARGIN))
    export(gated, [*Answer._fields, *Scores._fields], images, run.model / "1" / "model.onnx")
