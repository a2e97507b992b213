"""Steps: fit the gates to the network as it is shipped, and write both as one ONNX graph."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from chest_xray_paediatric.gates import Gated
from chest_xray_paediatric.network import MARGIN, WORKING, Answer, Network, folded, load_network
from chest_xray_paediatric.table import pictures_of, rows_of
from kit.augmentation import views_of, withstood
from kit.export import TOLERANCE, export
from kit.gates import fitting
from kit.gates.measures import manner, spread_of
from kit.gates.poses import POSES, posed
from kit.gates.scores import Gates, Scores, load_gates, ninths
from kit.recipe import Run


def _shipped(run: Run) -> Network:
    return folded(load_network(run.scratch / "fine" / "network.pt", WORKING))


@torch.no_grad()
def _features(network: Network, images: NDArray[np.uint8], batch: int = 32) -> Tensor:
    """[N,224,224] -> what the gates look at, [N,1008]."""
    found = []
    for at in range(0, len(images), batch):
        grey = torch.from_numpy(images[at : at + batch, None]).float()
        found.append(ninths(network.backbone.middle(network.prepare(grey, grey))))
    return torch.cat(found)


def _manners(images: NDArray[np.uint8], batch: int = 256) -> Tensor:
    """[N,224,224] -> in what manner each was taken, [N,6]."""
    parts = [torch.from_numpy(images[at : at + batch, None]).float() for at in range(0, len(images), batch)]
    return torch.cat([manner(grey, spread_of(grey, MARGIN), MARGIN) for grey in parts])


def fit_gates(run: Run) -> None:
    torch.set_num_threads(2)
    torch.set_flush_denormal(True)
    network, gates = _shipped(run), Gates(MARGIN)
    images = pictures_of(run.data, rows_of(run.data, "train"))
    shown = np.concatenate([views_of(images, seed, withstood) for seed in (5, 6)])
    turned = [_features(network, posed(images[::8], pose)) for pose in POSES[1:]]
    fitting.fit_gates(gates, _features(network, shown), _manners(shown), [_features(network, images), *turned])
    torch.save(gates.state_dict(), run.scratch / "gates.pt")
    print(
        f"gates fitted to {len(images)} train images, {len(shown)} views, and {len(turned)} poses of an eighth of them"
    )


def _images() -> Iterator[Tensor]:
    """Smooth images smaller, equal, larger and very unlike a square, and an even one."""
    generator = torch.Generator().manual_seed(0)
    for height, width in ((300, 260), (224, 224), (97, 131), (1024, 841), (2000, 640)):
        coarse = torch.rand(3, 1, 9, 9, generator=generator)
        yield torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic").clamp(0, 1) * 255
    yield torch.full((1, 1, 300, 200), 77.0)


def _refuse_a_map_that_does_not_add_up(network: Network, image: Tensor) -> None:
    with torch.no_grad():
        answer = network(image)
    gap = answer.activation.mean(dim=(2, 3)) + network.classifier.bias - answer.logits
    if gap.abs().max() > TOLERANCE:
        raise ValueError("the mean of the activation map and the bias do not add up to the logit")


def main(run: Run) -> None:
    network, images = _shipped(run), list(_images())
    _refuse_a_map_that_does_not_add_up(network, images[0])
    gated = Gated(network, load_gates(run.scratch / "gates.pt", MARGIN))
    export(gated, [*Answer._fields, *Scores._fields], images, run.model / "1" / "model.onnx")
