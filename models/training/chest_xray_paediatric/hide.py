"""Parts of a training view hidden behind a blur, so that the network learns to find no evidence where nothing is seen.

A class activation map says where the evidence is only if a cell without content carries none. Every hidden view comes
with its mask, and `fit.py` pulls the activation of the hidden cells to zero
and leaves that of the others as it is.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from kit.corruptions import Image
from kit.explanation.curves import blurred

MASK = 28  # cells a side of a mask
COARSE = (3, 8)  # cells a side of the noise it is cut from: at least, less than
SHARE = (0.1, 0.95)  # of the image that is hidden
BLUR = (20.0, 48.0)  # standard deviation, pixels of 224


def hide(image: Image, rng: np.random.Generator) -> tuple[Image, NDArray[np.float32]]:
    """[224,224] uint8 -> the view with blobs of it hidden, and the mask [28,28], 1 where it is hidden."""
    coarse = int(rng.integers(*COARSE))
    noise = cv2.resize(rng.random((coarse, coarse), dtype=np.float32), (MASK, MASK), interpolation=cv2.INTER_CUBIC)
    mask = (noise < np.quantile(noise, rng.uniform(*SHARE))).astype(np.float32)
    fill = np.full_like(image, round(float(image.mean()))) if rng.random() < 0.3 else blurred(image, rng.uniform(*BLUR))
    up = cv2.INTER_LINEAR if rng.random() < 0.5 else cv2.INTER_NEAREST
    wide = cv2.resize(mask, image.shape[::-1], interpolation=up)
    return np.rint(image * (1 - wide) + fill * wide).astype(np.uint8), mask
