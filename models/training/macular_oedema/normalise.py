"""Takes the scanner out of a B-scan, as a part of the graph: noise floor, gain, and all that is not retina or choroid.

In this set the grey of the vitreous goes with the source and with the label. So the floor is measured in the vitreous
and taken off, the retina's brightness is the unit, and what lies above the retina or below the choroid is black:
whatever noise a scanner left there cannot be read. The mirror image of a scan gives the mirror image.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from macular_oedema.table import SHAPE

VITREOUS = 32  # rows of 208 at the top, where the vitreous is looked for
QUARTER = 0.25  # of the blocks there are darker than the floor: retina in the others does not raise it
BRIGHT = 0.97  # of the scan is darker than what counts as bright
LEAST_GAIN = 8.0  # grey levels, so that an even image divides by something
SURFACE = 0.25  # of the gain above the floor: where the retina begins
ROWS = 3  # rows at that level or above before it counts
BRIGHTEST = 1.5  # of the gain


def _level(stored: Tensor, rows: int, block: tuple[int, int], share: float) -> Tensor:
    """[N,1,208,512] -> [N,1,1,1]: what this share of the blocks of the uppermost rows is darker than."""
    ordered = F.avg_pool2d(stored[:, :, :rows], block).flatten(1).sort(dim=1).values
    place = int(share * (rows // block[0]) * (SHAPE[1] // block[1]))
    return ordered[:, place : place + 1, None, None]


def floor_and_gain(stored: Tensor) -> tuple[Tensor, Tensor]:
    """[N,1,208,512] grey levels -> [N,1,1,1] each: a dark quarter of the vitreous, and how far above it bright is."""
    floor = _level(stored, VITREOUS, (8, 16), QUARTER)
    return floor, (_level(stored, SHAPE[0], (4, 4), BRIGHT) - floor).clamp(min=LEAST_GAIN)


def _from_signal(bright: Tensor) -> Tensor:
    """[N,1,h,w] of 0 and 1 -> 1 in each column from the third bright row down."""
    return (bright.cumsum(dim=2) >= ROWS).float()


def _shown(relative: Tensor) -> Tensor:
    """[N,1,208,512] of the gain above the floor -> 1 in each column from the first signal to the last, else 0."""
    local = F.avg_pool2d(relative, (5, 9), stride=1, padding=(2, 4), count_include_pad=False)
    bright = (local > SURFACE).float()
    return _from_signal(bright) * _from_signal(bright.flip(2)).flip(2)


def normalise(stored: Tensor) -> Tensor:
    """[N,1,208,512] grey levels -> [N,1,208,512] of 0 (floor, or not shown) to 1.5 of the gain."""
    floor, gain = floor_and_gain(stored)
    relative = (stored - floor) / gain
    return relative.clamp(0.0, BRIGHTEST) * _shown(relative)
