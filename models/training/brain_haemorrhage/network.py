"""The whole network that is shipped: windowed grey levels in; logits, class activation maps and embedding out.

The head is found, centred and brought to one size inside the graph. What tells a bleed from the many bright things of a
head is that its mirror place has none: each feature is also compared with its surroundings there.
"""

from __future__ import annotations

import copy
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brain_haemorrhage.table import LABELS, SHAPE
from kit.backbone import FEATURES, EfficientNetLite0, fold_norms
from kit.export import round_weights

STORED = SHAPE[0]
WORKING = 192  # pixels a side at which the backbone looks
DARK, SOFT = 30.0, 60.0  # grey levels: where tissue begins, and over how many it counts more and more
REACH = 2.3  # standard deviations: a filled ellipse ends at 2; what is beyond (table, clips) is left out next time
LOOKS = 3
EDGE = 8.0  # how steeply weight ends there: a step would let rounding decide over pixels on it
MARGIN = 1.12  # of the head's larger half side
SMALLEST = 0.5  # of the image's half side: so that a vertex is not blown up to a whole head
CELLS = 32  # a side of the map that is laid back over the image


class Answer(NamedTuple):
    """logits [N,6]; activation [N,6,h,w]; embedding [N,2560].

    Of the crop, the means of the activation + the biases are the logits. Of the image it is laid back: see `lay`.
    """

    logits: Tensor
    activation: Tensor
    embedding: Tensor


def squeeze(image: Tensor, size: int = STORED) -> Tensor:
    """[N,1,H,W] -> [N,1,size,size]: linear with antialiasing; `see` gives the sides their proportion back."""
    return F.interpolate(image, size=(size, size), mode="bilinear", antialias=True, align_corners=False)


def _moments(weight: Tensor, line: Tensor) -> tuple[Tensor, Tensor]:
    """[N,S] weights along a line of places -> their mean and standard deviation, [N,1] each."""
    total = weight.sum(1, keepdim=True) + 1
    mean = (weight * line).sum(1, keepdim=True) / total
    return mean, ((weight * (line - mean).square()).sum(1, keepdim=True) / total + 1e-4).sqrt()


def head(stored: Tensor) -> Tensor:
    """[N,1,S,S] -> [N,4]: the head's centre (x, y) and half sides (x, y), on -1..1 of the image, by moments."""
    line = _line(STORED)
    weight = ((stored[:, 0] - DARK) / SOFT).clamp(0, 1)
    (x, wide), (y, high) = _moments(weight.sum(1), line), _moments(weight.sum(2), line)
    for _ in range(LOOKS - 1):
        across, down = ((line - x) / (REACH * wide)).square(), ((line - y) / (REACH * high)).square()
        inside = weight * ((1 - across[:, None, :] - down[:, :, None]) * EDGE).clamp(0, 1)
        (x, wide), (y, high) = _moments(inside.sum(1), line), _moments(inside.sum(2), line)
    return torch.cat([x, y, (2 * wide).clamp(min=SMALLEST), (2 * high).clamp(min=SMALLEST)], dim=1)


class Seen(NamedTuple):
    """cropped [N,1,192,192]: a square about the head; window [N,4]: its centre (x, y) and half sides (x, y).

    Both on -1..1 of the image, where a square's sides differ if the image's do.
    """

    cropped: Tensor
    window: Tensor


def see(image: Tensor) -> Seen:
    """[N,1,H,W] -> Seen, in the proportions of the image."""
    stored = squeeze(image)
    height, width = image.shape[2], image.shape[3]
    found = head(stored)
    half = torch.maximum(found[:, 2:3] * width, found[:, 3:4] * height) * MARGIN
    window = torch.cat([found[:, 0:2], half / width, half / height], dim=1)
    line = _line(WORKING)
    grid = _grid(window[:, 0:1] + window[:, 2:3] * line, window[:, 1:2] + window[:, 3:4] * line)
    cropped = F.grid_sample(stored, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return Seen(cropped, window)


def lay(maps: Tensor, window: Tensor) -> Tensor:
    """[N,C,h,w] of a crop and where it lies -> [N,C,32,32] of the whole image.

    What the crop does not show is given the least that the map has: of the image, evidence lies nowhere else.
    """
    line = _line(CELLS)
    grid = _grid((line - window[:, 0:1]) / window[:, 2:3], (line - window[:, 1:2]) / window[:, 3:4])
    least = maps.amin(dim=(2, 3), keepdim=True)
    return F.grid_sample(maps - least, grid, mode="bilinear", padding_mode="zeros", align_corners=False) + least


def _line(count: int) -> Tensor:
    """[count]: the centres of so many equal parts of -1..1."""
    return (torch.arange(count) + 0.5) * (2 / count) - 1


def _grid(x: Tensor, y: Tensor) -> Tensor:
    """[N,S] places across and [N,S] down -> [N,S,S,2], as `grid_sample` takes it."""
    across, down = x[:, None, :].expand(-1, y.shape[1], -1), y[:, :, None].expand(-1, -1, x.shape[1])
    return torch.stack([across, down], dim=3)


def normalise(cropped: Tensor) -> Tensor:
    """Grey levels [N,1,192,192] -> [N,3,192,192] on the backbone's scale of -1..1. The window is fixed, so no more."""
    return (cropped / 127.5 - 1).expand(-1, 3, -1, -1)


class Late(nn.Module):
    """From the middle's features [N,112,12,12] to the answer. The backbone is ImageNet's; what learns are the lines."""

    def __init__(self, backbone: EfficientNetLite0) -> None:
        super().__init__()
        self.backbone = backbone
        self.classifier = nn.Linear(2 * FEATURES, len(LABELS))

    @torch.no_grad()
    def set_lines(self, weights: Tensor, biases: Tensor) -> None:
        """[6,2560] and [6]"""
        self.classifier.weight.copy_(weights)
        self.classifier.bias.copy_(biases)

    def answer(self, middle: Tensor) -> Answer:
        """The mean of what is said of the features as they are and of their mirror: no side is told."""
        seen, mirrored = self._once(middle), self._once(middle.flip(3))
        maps = (seen.activation + mirrored.activation.flip(3)) / 2
        return Answer((seen.logits + mirrored.logits) / 2, maps, (seen.embedding + mirrored.embedding) / 2)

    def _once(self, middle: Tensor) -> Answer:
        features = self.backbone.last(middle)
        there = F.max_pool2d(features.flip(3), 3, 1, 1)
        both = torch.cat([features, F.relu(features - there)], dim=1)
        embedding = both.mean(dim=(2, 3))
        activation = F.conv2d(both, self.classifier.weight[:, :, None, None])
        return Answer(self.classifier(embedding), activation, embedding)


class Network(nn.Module):
    """[N,1,H,W] float32 grey levels 0..255 of the brain window (0 = black) -> Answer, its activation over the image."""

    def __init__(self, late: Late) -> None:
        super().__init__()
        self.late = late

    def middle(self, cropped: Tensor) -> Tensor:
        """A crop [N,1,192,192] -> [N,112,12,12]"""
        return self.late.backbone.middle(normalise(cropped))

    def answer(self, middle: Tensor, window: Tensor) -> Answer:
        """What a crop's middle features say, laid over the image that it was cut from."""
        found = self.late.answer(middle)
        return found._replace(activation=lay(found.activation, window))

    def forward(self, image: Tensor) -> Answer:
        seen = see(image)
        return self.answer(self.middle(seen.cropped), seen.window)


def folded(late: Late) -> Network:
    """The network as it is shipped: without batch norms, every large tensor of it exact in float16."""
    network = Network(copy.deepcopy(late).eval())
    fold_norms(network.late.backbone)
    round_weights(network)
    return network
