"""Pixels of the data set's files."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from labels import Row

SIZE = 224


def read_images(data: Path, rows: list[Row]) -> NDArray[np.uint8]:
    """[N,224,224] grey levels 0..255, 0 = black. Raises on a file that is missing or of another size."""
    images = np.empty((len(rows), SIZE, SIZE), np.uint8)
    for index, row in enumerate(rows):
        image = cv2.imread(str(data / row.file), cv2.IMREAD_GRAYSCALE)
        if image is None or image.shape != (SIZE, SIZE):
            raise ValueError(f"{row.file} is not a {SIZE} x {SIZE} image")
        images[index] = image
    return images
