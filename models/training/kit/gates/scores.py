"""Scores by which an image is refused, as a part of the graph: higher is worse, whatever the score.

All of it is computed from what the network has at hand: the squeezed grey levels and the features of its middle. The
embedding does not serve: it keeps what tells the classes apart and little else. `fitting.py` fits the gates to the
train part; what each score may be at most is the manifest's (`limits.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from kit.backbone import MIDDLE_FEATURES
from kit.gates.measures import contrast_lack, flatness, grain, manner, softness, spread_of
from kit.gates.poses import POSES

GRID = 3
NINTHS = MIDDLE_FEATURES * GRID * GRID
KEPT = 96  # principal axes
MANNERS = 6
LEAST_EXPECTED = 1.0
TERMS = 18  # 1, each, its square, and the others times the first


class Scores(NamedTuple):
    """[N,1] each."""

    contrast_lack: Tensor
    flatness: Tensor
    softness: Tensor
    grain: Tensor
    inverted: Tensor
    rotated: Tensor
    remoteness: Tensor
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


class Expected(nn.Module):
    """[N,6] manners -> [N,1]: the distance to expect of an image of the train part taken in that manner.

    A poor exposure or a blur moves every image away, the diseased further; what is atypical is what lies further away
    than an image so taken does. Outside the range it was fitted to, the nearest manner within it counts.
    """

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("least", torch.zeros(MANNERS))
        self.register_buffer("most", torch.ones(MANNERS))
        self.register_buffer("weights", torch.zeros(TERMS, 1))

    def terms(self, manners: Tensor) -> Tensor:
        """[N,6] -> [N,18]."""
        z = (manners.clamp(self.least, self.most) - self.least) / (self.most - self.least)
        # Of `ones_like` the exporter may make a constant, as long as the batch that it was traced with.
        one = 0 * z[:, :1] + 1
        return torch.cat([one, z, z * z, z[:, :1] * z[:, 1:]], dim=1)

    def forward(self, manners: Tensor) -> Tensor:
        return (self.terms(manners) @ self.weights).clamp(min=LEAST_EXPECTED)


class Pose(nn.Module):
    """[N,D] -> [N,6]: the probability of each of `poses.POSES`."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.register_buffer("weights", torch.zeros(inputs, len(POSES)))
        self.register_buffer("bias", torch.zeros(len(POSES)))

    def forward(self, x: Tensor) -> Tensor:
        return (x @ self.weights + self.bias).softmax(1)


class Gates(nn.Module):
    """What is fitted; `fitting.fit_gates` fills it. `margin` in pixels: what is left out where contrast is measured."""

    def __init__(self, margin: int) -> None:
        super().__init__()
        self.margin = margin
        self.distance = Distance(NINTHS, KEPT)
        self.expected = Expected()
        self.pose = Pose(NINTHS)

    def forward(self, image: Tensor, middle: Tensor) -> Scores:
        """Grey levels [N,1,H,W] at a fixed size and the middle's features of them -> Scores."""
        spread = spread_of(image, self.margin)
        seen = ninths(middle)
        pose, distance = self.pose(seen), self.distance(seen)
        inverted = POSES.index("inverted")
        return Scores(
            contrast_lack=contrast_lack(spread),
            flatness=flatness(image, spread),
            softness=softness(image, spread),
            grain=grain(image, spread),
            inverted=pose[:, inverted : inverted + 1],
            rotated=pose[:, 1:inverted].sum(1, keepdim=True),
            remoteness=distance,
            atypicality=distance / self.expected(manner(image, spread, self.margin)),
        )


def load_gates(path: Path, margin: int) -> Gates:
    """Fitted gates, in evaluation mode."""
    gates = Gates(margin)
    gates.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return gates.eval()
