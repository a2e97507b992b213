"""Takes the scanner out of a B-scan, as a part of the graph: noise floor, gain, and all that is not retina or choroid.

In this set the grey of the vitreous goes with the source and with the label. So the floor is measured in the vitreous
and taken off, the retina's brightness is the unit, and what lies above the retina or below the choroid is black:
whatever noise a scanner left there cannot be read. The mirror image of a scan gives the mirror image.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

WORKING = (128, 256)  # pixels at which a scan is normalised and the backbone looks
VITREOUS = 20  # rows at the top, where the vitreous is looked for
QUARTER = 0.25  # of the blocks there are darker than the floor: retina in the others does not raise it
BRIGHT = 0.97  # of the scan is darker than what counts as bright
LEAST_GAIN = 8.0  # grey levels, so that an even image divides by something
SURFACE = 0.2, 0.3  # of the gain above the floor: where the retina begins, from doubt to certainty
BRIGHTEST = 1.5  # of the gain


def _level(seen: Tensor, rows: int, block: tuple[int, int], share: float) -> Tensor:
    """[N,1,128,256] -> [N,1,1,1]: what this share of the blocks of the uppermost rows is darker than."""
    ordered = F.avg_pool2d(seen[:, :, :rows], block).flatten(1).sort(dim=1).values
    place = int(share * (rows // block[0]) * (WORKING[1] // block[1]))
    return ordered[:, place : place + 1, None, None]


def floor_and_gain(seen: Tensor) -> tuple[Tensor, Tensor]:
    """[N,1,128,256] grey levels -> [N,1,1,1] each: a dark quarter of the vitreous, and how far above it bright is."""
    floor = _level(seen, VITREOUS, (5, 8), QUARTER)
    return floor, (_level(seen, WORKING[0], (2, 2), BRIGHT) - floor).clamp(min=LEAST_GAIN)


def _from_signal(bright: Tensor) -> Tensor:
    """[N,1,h,w] of 0 to 1 -> 1 in each column from the second bright row down."""
    return (bright.cumsum(dim=2) - 1).clamp(0.0, 1.0)


def _shown(relative: Tensor) -> Tensor:
    """[N,1,128,256] of the gain above the floor -> 1 in each column from the first signal to the last, else 0.

    Between them there is no step: one grey level more or less, in one pixel, moves no edge by a row.
    """
    local = F.avg_pool2d(relative, (3, 5), stride=1, padding=(1, 2), count_include_pad=False)
    least, most = SURFACE
    bright = ((local - least) / (most - least)).clamp(0.0, 1.0)
    return _from_signal(bright) * _from_signal(bright.flip(2)).flip(2)


def normalise(seen: Tensor) -> Tensor:
    """[N,1,128,256] grey levels -> [N,1,128,256] of 0 (floor, or not shown) to 1.5 of the gain."""
    floor, gain = floor_and_gain(seen)
    relative = (seen - floor) / gain
    return relative.clamp(0.0, BRIGHTEST) * _shown(relative)
