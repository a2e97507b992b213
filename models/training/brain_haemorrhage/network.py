"""The whole network that is shipped: windowed grey levels in; logits, class activation maps and embedding out.

The head is found, centred and brought to one size inside the graph, and looked at twice: as it lies, and turned upright.
What tells a bleed from the many bright things of a head is that its mirror place has none: each feature is also compared
with its surroundings there. A tilted head is no mirror image of itself, and in the set the bleeding are tilted more often
than others: hence the look at the upright one.
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
from kit.resize import soft_squeeze

STORED = SHAPE[0]
WORKING = 192  # pixels a side at which the backbone looks
DARK, SOFT = 30.0, 60.0  # grey levels: where tissue begins, and over how many it counts more and more
REACH = 2.3  # standard deviations: a filled ellipse ends at 2; what is beyond (table, clips) is left out next time
LOOKS = 3
EDGE = 8.0  # how steeply weight ends there: a step would let rounding decide over pixels on it
MARGIN = 1.12  # of the head's larger half side
ROUND = 0.06  # of the sum of its moments: less than so much of it is no long axis
SMALLEST = 0.5  # of the image's half side: so that a vertex is not blown up to a whole head
CELLS = 32  # a side of the map that is laid back over the image


class Answer(NamedTuple):
    """logits [N,6]; activation [N,6,h,w]; embedding [N,2560].

    Of the crop, the means of the activation + the biases are the logits. Of the image it is laid back: see `lay`.
    """

    logits: Tensor
    activation: Tensor
    embedding: Tensor


def _moments(weight: Tensor, line: Tensor) -> tuple[Tensor, Tensor]:
    """[N,S] weights along a line of places -> their mean and standard deviation, [N,1] each."""
    total = weight.sum(1, keepdim=True) + 1
    mean = (weight * line).sum(1, keepdim=True) / total
    return mean, ((weight * (line - mean).square()).sum(1, keepdim=True) / total + 1e-4).sqrt()


class Head(NamedTuple):
    """[N,1] each, on -1..1 of the image: where a head lies (x, y), and the moments of its grey about that place."""

    x: Tensor
    y: Tensor
    across: Tensor
    down: Tensor
    both: Tensor


def head(stored: Tensor) -> Head:
    """[N,1,S,S] -> Head: what is beyond the ellipse that was found last (table, clips) is left out next time."""
    line = _line(STORED)
    weight = ((stored[:, 0] - DARK) / SOFT).clamp(0, 1)
    inside = weight
    for look in range(LOOKS):
        (x, wide), (y, high) = _moments(inside.sum(1), line), _moments(inside.sum(2), line)
        across, down = (line - x) / wide, (line - y) / high
        if look < LOOKS - 1:
            beyond = across.square()[:, None, :] + down.square()[:, :, None] - REACH**2
            inside = weight * (-beyond * (EDGE / REACH**2)).clamp(0, 1)
    both = (inside * (across * wide)[:, None, :] * (down * high)[:, :, None]).sum((1, 2))[:, None]
    return Head(x, y, wide.square(), high.square(), both / (inside.sum((1, 2))[:, None] + 1))


class Seen(NamedTuple):
    """cropped [N,1,192,192]: a square about the head.

    window [N,2,3]: leads from a place (x, y, 1) of the square to that of the image, both on -1..1.
    """

    cropped: Tensor
    window: Tensor


def frames(found: Head, width: int, height: int) -> tuple[Tensor, Tensor]:
    """Where the square lies about the head, [N,2,3], in the proportions of the image: straight, and along its long axis.

    A head that is nearly round has no axis, and one that lies has none near the upright: neither is turned.
    """
    across, down, both = found.across * width**2, found.down * height**2, found.both * width * height
    total, longer = across + down, (down - across) / 2
    angle = 0.5 * torch.atan(both / longer.maximum(ROUND * total))
    axis = (total / 2 + (longer.square() + both.square()).sqrt()).sqrt()
    # Not Python's max: in the graph it would be that of the one image which the graph was made with.
    longer_side = torch.as_tensor(width).maximum(torch.as_tensor(height))
    half = (2 * axis).maximum(SMALLEST * longer_side) * MARGIN

    def square(cosine: Tensor, sine: Tensor) -> Tensor:
        row, column = [cosine / width, sine / width, found.x], [-sine / height, cosine / height, found.y]
        return torch.stack([torch.cat(row, dim=1), torch.cat(column, dim=1)], dim=1)

    return square(half, 0 * half), square(half * torch.cos(angle), half * torch.sin(angle))


def see(image: Tensor) -> tuple[Seen, Seen]:
    """[N,1,H,W] -> the head as it lies, and upright."""
    stored = soft_squeeze(image, SHAPE)
    straight, upright = frames(head(stored), image.shape[3], image.shape[2])
    return _cut(stored, straight), _cut(stored, upright)


def _cut(stored: Tensor, window: Tensor) -> Seen:
    grid = _grid(window, WORKING)
    return Seen(F.grid_sample(stored, grid, mode="bilinear", padding_mode="zeros", align_corners=False), window)


def lay(maps: Tensor, window: Tensor) -> Tensor:
    """[N,C,h,w] of a crop and where it lies -> [N,C,32,32] of the whole image.

    What the crop does not show is given the least that the map has: of the image, evidence lies nowhere else.
    """
    least = maps.amin(dim=(2, 3), keepdim=True)
    grid = _grid(_inverse(window), CELLS)
    return F.grid_sample(maps - least, grid, mode="bilinear", padding_mode="zeros", align_corners=False) + least


def _inverse(window: Tensor) -> Tensor:
    """[N,2,3] -> the map that leads back."""
    (a, b, x), (c, d, y) = (row.unbind(1) for row in window.unbind(1))
    whole = a * d - b * c
    back = torch.stack([d, -b, b * y - d * x, -c, a, c * x - a * y], dim=1) / whole[:, None]
    return back.unflatten(1, (2, 3))


def _line(count: int) -> Tensor:
    """[count]: the centres of so many equal parts of -1..1."""
    return (torch.arange(count) + 0.5) * (2 / count) - 1


def _grid(lead: Tensor, side: int) -> Tensor:
    """[N,2,3] -> [N,side,side,2], as `grid_sample` takes it: where each place of a square of that side is led to."""
    line = _line(side)
    places = torch.stack([line.expand(side, -1), line[:, None].expand(-1, side), torch.ones(side, side)], dim=2)
    return (places.flatten(0, 1) @ lead.transpose(1, 2)).unflatten(1, (side, side))


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

    def middles(self, seen: tuple[Seen, Seen]) -> tuple[Tensor, Tensor]:
        straight, upright = seen
        return self.middle(straight.cropped), self.middle(upright.cropped)

    def answer(self, seen: tuple[Seen, Seen], middles: tuple[Tensor, Tensor]) -> Answer:
        """The mean of what the middle features of both looks say, laid over the image that they were cut from."""
        found = [self.late.answer(middle) for middle in middles]
        maps = [lay(each.activation, look.window) for each, look in zip(found, seen, strict=True)]
        one, other = found
        return Answer((one.logits + other.logits) / 2, sum(maps) / 2, (one.embedding + other.embedding) / 2)

    def forward(self, image: Tensor) -> Answer:
        seen = see(image)
        return self.answer(seen, self.middles(seen))


def folded(late: Late) -> Network:
    """The network as it is shipped: without batch norms, every large tensor of it exact in float16."""
    network = Network(copy.deepcopy(late).eval())
    fold_norms(network.late.backbone)
    round_weights(network)
    return network
