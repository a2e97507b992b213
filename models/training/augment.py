"""Random disturbances for training: another collimation, another detector, another archive.

The aim is that nothing but the lungs tells the classes apart: in the data set normal images are framed more widely
and were larger before they were squeezed to 224 x 224, so frame, sharpness, grain and compression are all varied here
beyond what the images themselves show. Strengths are drawn uniformly up to ImageNet-C severity 3.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from corruptions import BLUR, CONTRAST, CROP, EXPOSURE, JPEG_QUALITY, NOISE, ROTATION, Image, jpeg, to_grey, warp

ZOOM = (0.8, 1.35)  # magnification; 1.18 is a crop to 85 % of each side
ASPECT = 0.22  # of the ratio of the sides, natural logarithm
SHIFT = 0.08  # of the side
FLIP = 0.3

View = Callable[[Image, np.random.Generator], Image]


def _reframe(image: Image, rng: np.random.Generator) -> Image:
    zoom = np.exp(rng.uniform(np.log(ZOOM[0]), np.log(ZOOM[1])))
    stretch = np.exp(rng.uniform(-ASPECT, ASPECT) / 2)
    degrees = rng.uniform(-ROTATION, ROTATION) * 1.2
    scale = np.diag([zoom * stretch * (-1 if rng.random() < FLIP else 1), zoom / stretch])
    return _moved(image, scale, degrees, rng.uniform(-SHIFT, SHIFT, 2), rng)


def _moved(
    image: Image, scale: NDArray[np.floating], degrees: float, shift: NDArray[np.floating], rng: np.random.Generator
) -> Image:
    """Scaled (2 x 2), then turned, about its centre, then shifted by shares of the side; the border black or repeated."""
    size, angle = image.shape[0], np.deg2rad(degrees)
    linear = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ scale
    centre = (size - 1) / 2
    offset = centre - linear @ [centre, centre] + shift * size
    border = cv2.BORDER_CONSTANT if rng.random() < 0.6 else cv2.BORDER_REPLICATE
    return warp(image, np.column_stack([linear, offset]), border)


def _expose(image: Image, rng: np.random.Generator) -> Image:
    """Gamma, contrast and brightness, through one table of 256 levels."""
    levels = np.arange(256, dtype=np.float64) / 255
    if rng.random() < 0.6:
        levels = levels ** np.exp(rng.uniform(-0.6, 0.6))
    if rng.random() < 0.3:
        mean = image.mean() / 255
        levels = (levels - mean) * np.exp(rng.uniform(np.log(CONTRAST), np.log(1.5))) + mean
    if rng.random() < 0.5:
        levels = levels + rng.uniform(-EXPOSURE, EXPOSURE) * 1.1
    return cv2.LUT(image, to_grey(levels * 255))


def _soften(image: Image, rng: np.random.Generator) -> Image:
    """Gaussian blur, a smaller size and back by a random pair of filters, or sharpening."""
    choice = rng.random()
    if choice < 0.4:
        return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, BLUR))
    if choice < 0.85:
        size = image.shape[0]
        side = round(size * rng.uniform(0.3, 0.95))
        down = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_NEAREST, cv2.INTER_CUBIC)[rng.integers(4)]
        up = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[rng.integers(3)]
        return cv2.resize(cv2.resize(image, (side, side), interpolation=down), (size, size), interpolation=up)
    return cv2.addWeighted(image, 1 + (gain := rng.uniform(0.3, 1.5)), cv2.GaussianBlur(image, (0, 0), 2), -gain, 0)


def _roughen(image: Image, rng: np.random.Generator) -> Image:
    """Noise that is equal everywhere or grows with the signal, sometimes of coarse grain; less on a flat image."""
    grain = rng.standard_normal(image.shape, dtype=np.float32)
    if rng.random() < 0.3:
        grain = cv2.GaussianBlur(grain, (0, 0), 1.0) * 2
    strength = rng.uniform(0, NOISE) * 255 * min(1.0, image.std() / 50)
    if rng.random() < 0.4:
        grain *= np.sqrt(image.astype(np.float32) / 128)
    return to_grey(image + grain * strength)


def _cover(image: Image, rng: np.random.Generator) -> Image:
    """Small patches near the border, where side markers, time stamps and tubes are, and bands along it."""
    image = image.copy()
    size = image.shape[0]
    for _ in range(rng.integers(1, 4)):
        height, width = rng.integers(8, 40, 2)
        along = rng.integers(0, size - max(height, width))
        across = rng.integers(0, 24)
        top, left = ((along, across), (along, size - width - across), (across, along))[rng.integers(3)]
        image[top : top + height, left : left + width] = rng.choice([0, 255, int(image.mean())])
    if rng.random() < 0.3:
        band = rng.integers(3, 22)
        side = (np.s_[:band], np.s_[-band:], np.s_[:, :band], np.s_[:, -band:])[rng.integers(4)]
        image[side] = rng.choice([0, 0, 255])
    return image


def augment(image: Image, rng: np.random.Generator) -> Image:
    """[224,224] uint8 -> another view of it. Frame and exposure always vary; the rest by chance, in random order."""
    image = _expose(_reframe(image, rng), rng)
    steps = [step for step, chance in ((_soften, 0.4), (_roughen, 0.35), (_cover, 0.35)) if rng.random() < chance]
    for index in rng.permutation(len(steps)):
        image = steps[index](image, rng)
    if rng.random() < 0.35:
        image = jpeg(image, int(rng.uniform(JPEG_QUALITY - 2, 80)))
    return image


def withstood(image: Image, rng: np.random.Generator) -> Image:
    """[224,224] uint8 -> a view within what the answer is measured to withstand: frame, tilt and one corruption."""
    if rng.random() < 0.7:
        zoom = np.exp(rng.uniform(-CROP, CROP))
        image = _moved(image, np.diag([zoom, zoom]), rng.uniform(-ROTATION, ROTATION), rng.uniform(-0.05, 0.05, 2), rng)
    share = rng.uniform(0, 1)
    match rng.integers(0, 7):
        case 0:
            return cv2.GaussianBlur(image, (0, 0), 0.3 + share * (BLUR - 0.3))
        case 1:
            return to_grey(image + rng.normal(0, share * NOISE * 255, image.shape))
        case 2:
            return to_grey((image - image.mean()) * (1 - share * (1 - CONTRAST)) + image.mean())
        case 3:
            return to_grey(image + share * EXPOSURE * 255)
        case 4:
            return to_grey(image - share * EXPOSURE * 255)
        case 5:
            return jpeg(image, int(80 - share * (80 - JPEG_QUALITY)))
        case _:
            return image


def augmented(images: NDArray[np.uint8], seed: int, view: View = augment) -> NDArray[np.uint8]:
    """[N,224,224] -> one view of each, fixed by the seed: a disturbed set to choose an epoch by or to fit a gate to."""
    return np.stack([view(image, np.random.default_rng([seed, index])) for index, image in enumerate(images)])
