"""Pixels of a data set's files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray


def read_images(data: Path, files: Sequence[str], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """[N,H,W] grey levels 0..255, 0 = black. Raises ValueError for a file that is no image of this (height, width)."""
    images = np.empty((len(files), *shape), np.uint8)
    for index, file in enumerate(files):
        image = cv2.imread(str(data / file), cv2.IMREAD_GRAYSCALE)
        if image is None:
            raise ValueError(f"{file} is no image")
        if image.shape != shape:
            raise ValueError(f"{file} is {image.shape[0]} x {image.shape[1]}, not {shape[0]} x {shape[1]}")
        images[index] = image
    return images
