"""A drawn B-scan: no data set may be passed on, so what is in the repository is made by this."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from kit.corruptions import to_grey
from macular_oedema.table import SHAPE

LAYERS = ((0, 150), (10, 95), (22, 125), (32, 80), (44, 60), (58, 190), (66, 110), (96, 0))  # depth and grey from there
SURFACE = 70  # row of the retina's upper edge
PIT = (14, 45)  # depth and half width of the fovea, in pixels
DISC = 24  # grey levels, of nerve fibres on the side of the disc, which is nasal
FLOOR = 12.0


def drawn(side: str) -> NDArray[np.uint8]:
    """[208,512]: bands like those of a macula of the right (R) or the left (L) eye, which is the right one's mirror."""
    rng = np.random.default_rng(0)
    column, row = np.arange(SHAPE[1]), np.arange(SHAPE[0])[:, None]
    pit = PIT[0] * np.exp(-(((column - SHAPE[1] / 2) / PIT[1]) ** 2))
    depth = row - SURFACE - 8 * ((column - SHAPE[1] / 2) / (SHAPE[1] / 2)) ** 2 - pit * (row < SURFACE + 40)
    picture = np.full(SHAPE, FLOOR)
    for top, grey in LAYERS:
        picture = np.where(depth >= top, FLOOR + grey, picture)
    picture += np.where((depth >= 0) & (depth < 10), DISC * column / SHAPE[1], 0)
    speckle = cv2.GaussianBlur(rng.gamma(6, 1 / 6, SHAPE), (0, 0), 0.8)
    right = to_grey(picture * speckle)
    return right if side == "R" else np.ascontiguousarray(right[:, ::-1])
