"""Insertion and deletion (Petsiuk et al. 2018, https://arxiv.org/abs/1806.07421) of an image by the order of a map.

Deletion replaces the highest places of the map first by what a heavy blur leaves of the image: the faster the score
falls, the better the map. Insertion starts from the blur and restores the highest places first: the faster it rises,
the better. An area is the mean height of the curve over the share of the pixels.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from kit.corruptions import IMAGENET

STEPS = 10
DEVIATION = 40.0  # pixels of 224, of the blur that stands for "not there"
CELL = 16  # pixels a cell of the blur has

Map = NDArray[np.float32]
Answer = Callable[[NDArray[np.uint8]], NDArray[np.float64]]


def at_image_size(cells: Map, shape: tuple[int, int]) -> Map:
    """[h,w] -> [H,W], linear between the centres of cells, as the mesh draws it."""
    return cv2.resize(cells.astype(np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR)


def blurred(image: NDArray[np.uint8], deviation: float) -> NDArray[np.uint8]:
    """[H,W] -> what a Gaussian blur of so many pixels leaves: no detail. Computed on cells of 16 pixels."""
    size = [round(side / CELL) for side in image.shape[::-1]]
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    small = cv2.GaussianBlur(small, (0, 0), deviation / CELL, borderType=cv2.BORDER_REFLECT)
    wide = cv2.resize(small, image.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.clip(np.rint(wide), 0, 255).astype(np.uint8)


def _ranks(wide: Map) -> NDArray[np.float32]:
    """[H,W]: the share of the pixels that are above each one; ties in reading order."""
    order = np.argsort(-wide, axis=None, kind="stable")
    ranks = np.empty(order.size, np.float32)
    ranks[order] = np.arange(order.size) / order.size
    return ranks.reshape(wide.shape)


def areas(answer: Answer, image: NDArray[np.uint8], maps: dict[str, Map]) -> dict[str, dict[str, float]]:
    """For each map [H,W] of one image: the areas under its insertion and its deletion curve."""
    away = blurred(image, DEVIATION * min(image.shape) / IMAGENET)
    shares = np.arange(1, STEPS) / STEPS
    versions = [away, image]
    for wide in maps.values():
        first = _ranks(wide)[None] < shares[:, None, None]
        versions += [*np.where(first, image, away), *np.where(first, away, image)]
    height = answer(np.stack(versions))
    found, at = {}, 2
    for name in maps:
        inserted = [height[0], *height[at : at + STEPS - 1], height[1]]
        deleted = [height[1], *height[at + STEPS - 1 : at + 2 * STEPS - 2], height[0]]
        found[name] = {
            "insertion": float(np.trapezoid(inserted)) / STEPS,
            "deletion": float(np.trapezoid(deleted)) / STEPS,
        }
        at += 2 * STEPS - 2
    return found
