"""What can be measured of an image's grey levels alone: is there a picture at all, and is it a usable one?"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

COARSER = 4  # pixels averaged to one before blur is looked for
BLACK, WHITE = 5, 250  # grey levels: up to, from
LIGHTEST = 1.0  # grey level: least spread a ratio is taken to, so that an even image divides by something


def spread_of(image: Tensor, margin: int) -> Tensor:
    """[N,1,H,W] -> [N,1]: the standard deviation of the part inside a margin of so many pixels, one or more."""
    inner = _inner(image, margin)
    mean = inner.mean(dim=(2, 3), keepdim=True)
    return (inner - mean).square().mean(dim=(2, 3)).sqrt()


def _inner(image: Tensor, margin: int) -> Tensor:
    return image[:, :, margin:-margin, margin:-margin]


def contrast_lack(spread: Tensor) -> Tensor:
    """1 on an even image, 0 where half is black and half is white."""
    return 1 - spread / 127.5


def flatness(image: Tensor, spread: Tensor) -> Tensor:
    """[N,1]: the share of pixels that are like their right and lower neighbours: paper, not anatomy."""
    across = (image[:, :, :-1, 1:] - image[:, :, :-1, :-1]).abs()
    down = (image[:, :, 1:, :-1] - image[:, :, :-1, :-1]).abs()
    step = (spread * 0.005 + 0.2)[:, :, None, None]
    return (torch.maximum(across, down) < step).float().mean(dim=(2, 3))


def _detail(image: Tensor, kernel: list[list[float]]) -> Tensor:
    """[N,1]: the mean absolute answer of a 3 x 3 filter."""
    return F.conv2d(image, torch.tensor(kernel)[None, None]).abs().mean(dim=(2, 3))


def softness(image: Tensor, spread: Tensor) -> Tensor:
    """[N,1]: minus the logarithm of the detail of 4 to 8 pixels relative to the spread; grows with blur.

    Finer detail is lost to a JPEG or a small matrix already, and below it is what rounding to grey levels leaves.
    """
    edges = _detail(F.avg_pool2d(image, COARSER), [[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])
    return -(edges / spread.clamp(min=LIGHTEST) + 0.01).log()


def grain(image: Tensor, spread: Tensor) -> Tensor:
    """[N,1]: the noise's standard deviation relative to the spread (Immerkaer 1996, doi 10.1006/cviu.1996.0060)."""
    noise = _detail(image, [[1.0, -2.0, 1.0], [-2.0, 4.0, -2.0], [1.0, -2.0, 1.0]])
    return noise * (torch.pi / 2) ** 0.5 / 6 / spread.clamp(min=LIGHTEST)


def manner(image: Tensor, spread: Tensor, margin: int) -> Tensor:
    """[N,1,H,W] and its spread -> [N,6], in what manner it was taken: level, contrast, sharpness, grain, clipping."""
    inner = _inner(image, margin)
    level = inner.mean(dim=(2, 3)) / 255
    clipped = [(inner >= WHITE).float().mean(dim=(2, 3)), (inner <= BLACK).float().mean(dim=(2, 3))]
    return torch.cat([level, spread / 64, softness(image, spread), grain(image, spread), *clipped], dim=1)
