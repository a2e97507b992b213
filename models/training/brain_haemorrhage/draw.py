"""A drawn head: no data set may be passed on, so what is in the repository is made by this."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SLICES = 18
SIDE = 128  # pixels
PIXEL, APART = 2.0, 7.0  # mm: of a pixel's side, between slices
HALF = np.array([72.0, 92.0, 92.0])  # mm: half sides of the head across, from face to back, and upwards
LOWEST = -0.35  # of the upward one: the lowest slice is that far below the middle
AIR, SCALP, BONE, WHITE, GREY, FLUID = -1000.0, 20.0, 900.0, 28.0, 37.0, 6.0  # Hounsfield units
THICK = {"scalp": 5.0, "bone": 6.0, "cortex": 5.0}  # mm
NOISE = 5.0  # Hounsfield units, standard deviation


def drawn() -> NDArray[np.int16]:
    """[18,128,128] Hounsfield units, from the base upwards: scalp, skull, cortex, white matter and ventricles."""
    rng = np.random.default_rng(0)
    return np.stack([_slice(index, rng) for index in range(SLICES)])


def _slice(index: int, rng: np.random.Generator) -> NDArray[np.int16]:
    across, down = np.meshgrid(*[(np.arange(SIDE) - (SIDE - 1) / 2) * PIXEL] * 2)
    up = (LOWEST + (0.96 - LOWEST) * index / (SLICES - 1)) * HALF[2]
    share = np.sqrt(max(0.02, 1 - (up / HALF[2]) ** 2))
    inside = (1 - np.hypot(across / (HALF[0] * share), down / (HALF[1] * share))) * HALF[0] * share  # mm below the skin
    layers = ((0, SCALP), (THICK["scalp"], BONE), (THICK["scalp"] + THICK["bone"], GREY))
    picture = np.full((SIDE, SIDE), AIR)
    for depth, value in layers:
        picture = np.where(inside >= depth, value, picture)
    folds = 2.5 * np.sin(9 * np.arctan2(down, across)) + THICK["cortex"]
    picture = np.where(inside >= sum(THICK.values()) - THICK["cortex"] + folds, WHITE, picture)
    for side in (-1, 1):
        horn = np.hypot((across - side * 9) / 6, down / 24)
        picture = np.where((horn < np.sqrt(max(0.0, 1 - (up / 35) ** 2))) & (inside > 0), FLUID, picture)
    grain = rng.normal(0, NOISE, picture.shape) * (inside > -2)
    return np.rint(cv2.GaussianBlur(picture, (0, 0), 0.7) + grain).astype(np.int16)
