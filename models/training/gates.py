"""Scores by which an image is refused, as a part of the graph: higher is worse, whatever the score.

All of it is computed from what the network has at hand: the squeezed grey levels and the features of its middle. The
embedding does not serve: it keeps what tells the classes apart and little else. `fit_gates.py` fits the gates to the
train part; thresholds are the manifest's.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from backbone import MIDDLE_FEATURES
from measures import contrast_lack, flatness, grain, softness, spread_of
from network import STORED, Network, squeeze
from poses import POSES

GRID = 3
NINTHS = MIDDLE_FEATURES * GRID * GRID
KEPT = 96  # principal axes


class Scores(NamedTuple):
    """[N,1] each."""

    contrast_lack: Tensor
    flatness: Tensor
    softness: Tensor
    grain: Tensor
    inverted: Tensor
    rotated: Tensor
    atypicality: Tensor


def ninths(middle: Tensor) -> Tensor:
    """[N,112,h,w] -> [N,1008]: the mean of each feature in each ninth of the image, where what lies matters."""
    _, _, height, width = middle.shape
    return torch.einsum("nchw,gh,kw->ncgk", middle, _thirds(height), _thirds(width)).flatten(1)


def _thirds(size: int) -> Tensor:
    """[3,size]: weights that average each third, whole cells only."""
    weights = torch.zeros(GRID, size)
    for third in range(GRID):
        cells = range(third * size // GRID, -(-(third + 1) * size // GRID))
        weights[third, list(cells)] = 1 / len(cells)
    return weights


class Distance(nn.Module):
    """[N,D] -> [N,1]: Mahalanobis distance to the train part within its principal space, and to that space."""

    def __init__(self, inputs: int, kept: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("scale", torch.ones(inputs))
        self.register_buffer("axes", torch.zeros(inputs, kept))
        self.register_buffer("spread", torch.ones(kept))
        self.register_buffer("left", torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        x = (x - self.mean) / self.scale
        inside = x @ self.axes
        outside = (x.square().sum(1, keepdim=True) - inside.square().sum(1, keepdim=True)).clamp(min=0)
        return ((inside / self.spread).square().sum(1, keepdim=True) + outside / self.left).sqrt()


class Pose(nn.Module):
    """[N,D] -> [N,6]: the probability of each of `poses.POSES`."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.register_buffer("weights", torch.zeros(inputs, len(POSES)))
        self.register_buffer("bias", torch.zeros(len(POSES)))

    def forward(self, x: Tensor) -> Tensor:
        return (x @ self.weights + self.bias).softmax(1)


class Gates(nn.Module):
    """What is fitted; `fit_gates.py` fills it."""

    def __init__(self, kept: int = KEPT) -> None:
        super().__init__()
        self.distance = Distance(NINTHS, kept)
        self.pose = Pose(NINTHS)

    def forward(self, image: Tensor, middle: Tensor) -> Scores:
        """The squeezed grey levels [N,1,224,224] and the middle's features of them -> Scores."""
        spread = spread_of(image)
        seen = ninths(middle)
        pose = self.pose(seen)
        inverted = POSES.index("inverted")
        return Scores(
            contrast_lack=contrast_lack(spread),
            flatness=flatness(image, spread),
            softness=softness(image, spread),
            grain=grain(image, spread),
            inverted=pose[:, inverted : inverted + 1],
            rotated=pose[:, 1:inverted].sum(1, keepdim=True),
            atypicality=self.distance(seen),
        )


class Gated(nn.Module):
    """The graph that is shipped: [N,1,H,W] grey levels 0..255 -> the network's answer and the scores, as one tuple."""

    def __init__(self, network: Network, gates: Gates) -> None:
        super().__init__()
        self.network, self.gates = network, gates

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        image = squeeze(image, STORED)
        middle = self.network.backbone.middle(self.network.prepare(image))
        answer = self.network.answer(self.network.backbone.last(middle))
        return (*answer, *self.gates(image, middle))


def load_gates(path: Path) -> Gates:
    """Fitted gates, in evaluation mode."""
    gates = Gates()
    gates.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return gates.eval()
