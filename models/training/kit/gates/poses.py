"""Wrong ways an image can lie or be shown. A mirror image is not among them: nothing here can tell it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

POSES = ("upright", "90", "180", "270", "upside down", "inverted")


def posed(images: NDArray[np.uint8], pose: str) -> NDArray[np.uint8]:
    """[N,S,S] grey levels -> the same turned (degrees, counter-clockwise), flipped top to bottom, or grey inverted."""
    if pose == "upright":
        return images
    if pose == "upside down":
        return np.ascontiguousarray(images[:, ::-1])
    if pose == "inverted":
        return 255 - images
    return np.ascontiguousarray(np.rot90(images, int(pose) // 90, axes=(1, 2)))
