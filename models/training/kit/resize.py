"""Between the size in which an image comes and the one at which it is looked at, as a part of the graph."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

REACH = 1.6


def squeeze(image: Tensor, shape: tuple[int, int]) -> Tensor:
    """[N,1,H,W] -> [N,1,*shape]: linear with antialiasing, the aspect ratio not kept; the identity at that shape."""
    return F.interpolate(image, size=shape, mode="bilinear", antialias=True, align_corners=False)


def soft_squeeze(image: Tensor, shape: tuple[int, int]) -> Tensor:
    """[N,1,H,W] -> [N,1,*shape] under a triangle that reaches 1.6 pixels of the coarser grid, not 1.

    An image that comes in that very shape then loses as much detail as one that was enlarged on the way here: `squeeze`
    leaves the one as it is and softens the other. At 1.6 the variance of the triangle is the same either way.
    """
    return _triangles(image.shape[2], shape[0]) @ image @ _triangles(image.shape[3], shape[1]).T


def _triangles(given: int, wanted: int) -> Tensor:
    """[wanted,given]: the weights of the given pixels in each wanted one."""
    step = torch.as_tensor(given / wanted)
    centre, place = (torch.arange(wanted) + 0.5) * step, torch.arange(given) + 0.5
    weights = (1 - (centre[:, None] - place).abs() / (REACH * step.clamp(min=1))).clamp(min=0)
    return weights / weights.sum(1, keepdim=True)


def smooth(image: Tensor) -> Tensor:
    """[N,1,h,w] -> the same under a binomial 3 x 3 filter, its border repeated.

    The finest detail is what a resize on the way here invents or takes away, and the answer must not hang on it.
    """
    line = torch.tensor([0.25, 0.5, 0.25])
    return F.conv2d(F.pad(image, (1, 1, 1, 1), mode="replicate"), (line[:, None] * line)[None, None])
