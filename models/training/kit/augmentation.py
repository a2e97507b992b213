"""Random disturbances for training, of [H,W] uint8: another field of view, detector and archive.

What of them a modality shows, how strong and how often is the recipe's to say. Each draws only from the generator it is
given, so that a view is fixed by its seed. Strengths are drawn evenly up to what is named; the defaults reach a little
beyond ImageNet-C severity 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kit.corruptions import (
    BLUR,
    CONTRAST,
    CROP,
    EXPOSURE,
    IMAGENET,
    JPEG_QUALITY,
    NOISE,
    ROTATION,
    Image,
    jpeg,
    to_grey,
    warp,
)

DOWN = (cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_NEAREST, cv2.INTER_CUBIC)
View = Callable[[Image, np.random.Generator], Image]

UP = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)


@dataclass(frozen=True)
class Frame:
    """How a view is framed: `zoom` is magnification (1.18 is a crop to 85 % of each side), `aspect` the natural
    logarithm of the ratio of the sides, `shift` a share of a side, `turn` degrees, `flip` the chance of a left-right
    mirror image."""

    zoom: tuple[float, float] = (0.8, 1.35)
    aspect: float = 0.22
    shift: float = 0.08
    turn: float = ROTATION * 1.2
    flip: float = 0.0


@dataclass(frozen=True)
class Tone:
    """How grey levels move: `gamma` the natural logarithm of the exponent, `contrast` the share that is left or added,
    `exposure` of full scale."""

    gamma: float = 0.6
    contrast: tuple[float, float] = (CONTRAST, 1.5)
    exposure: float = EXPOSURE * 1.1


def views_of(images: NDArray[np.uint8], seed: int, view: View) -> NDArray[np.uint8]:
    """[N,H,W] -> one view of each, fixed by the seed: a disturbed set to choose an epoch by or to fit a gate to."""
    return np.stack([view(image, np.random.default_rng([seed, index])) for index, image in enumerate(images)])


def reframe(image: Image, rng: np.random.Generator, frame: Frame) -> Image:
    """Zoomed, stretched, turned, shifted, perhaps mirrored; what is outside is black or the border repeated."""
    zoom = np.exp(rng.uniform(*np.log(frame.zoom)))
    stretch = np.exp(rng.uniform(-frame.aspect, frame.aspect) / 2)
    degrees = rng.uniform(-frame.turn, frame.turn)
    scale = np.diag([zoom * stretch * (-1 if rng.random() < frame.flip else 1), zoom / stretch])
    return _moved(image, rng, _affine(image, scale, degrees, rng.uniform(-frame.shift, frame.shift, 2)))


def _affine(
    image: Image, scale: NDArray[np.floating], degrees: float, shift: NDArray[np.floating]
) -> NDArray[np.floating]:
    """[2,3]: scaled (2 x 2), then turned, about the centre, then shifted by shares of the sides."""
    angle, sides = np.deg2rad(degrees), np.array(image.shape[::-1])
    linear = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ scale
    centre = (sides - 1) / 2
    return np.column_stack([linear, centre - linear @ centre + shift * sides])


def _moved(image: Image, rng: np.random.Generator, affine: NDArray[np.floating]) -> Image:
    return warp(image, affine, cv2.BORDER_CONSTANT if rng.random() < 0.6 else cv2.BORDER_REPLICATE)


def expose(image: Image, rng: np.random.Generator, tone: Tone) -> Image:
    """Gamma, contrast and brightness, each by chance, through one table of 256 levels."""
    levels = np.arange(256, dtype=np.float64) / 255
    if rng.random() < 0.6:
        levels = levels ** np.exp(rng.uniform(-tone.gamma, tone.gamma))
    if rng.random() < 0.3:
        mean = image.mean() / 255
        levels = (levels - mean) * np.exp(rng.uniform(*np.log(tone.contrast))) + mean
    if rng.random() < 0.5:
        levels = levels + rng.uniform(-tone.exposure, tone.exposure)
    return cv2.LUT(image, to_grey(levels * 255))


def soften(image: Image, rng: np.random.Generator, blur: float = BLUR) -> Image:
    """Gaussian blur (`blur` in pixels), a smaller size and back by a random pair of filters, or sharpening."""
    choice = rng.random()
    if choice < 0.4:
        return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.3, blur))
    if choice < 0.85:
        return resample(image, rng)
    return cv2.addWeighted(image, 1 + (gain := rng.uniform(0.3, 1.5)), cv2.GaussianBlur(image, (0, 0), 2), -gain, 0)


def resample(image: Image, rng: np.random.Generator, least: float = 0.3) -> Image:
    """To a smaller size, at least this share of each side, and back, each by a filter drawn at random."""
    share = rng.uniform(least, 0.95)
    down, up = DOWN[rng.integers(len(DOWN))], UP[rng.integers(len(UP))]
    small = [round(side * share) for side in image.shape[::-1]]
    return cv2.resize(cv2.resize(image, small, interpolation=down), image.shape[::-1], interpolation=up)


def roughen(image: Image, rng: np.random.Generator, noise: float = NOISE) -> Image:
    """Noise that is equal everywhere or grows with the signal, sometimes of coarse grain; less on a flat image."""
    grain = rng.standard_normal(image.shape, dtype=np.float32)
    if rng.random() < 0.3:
        grain = cv2.GaussianBlur(grain, (0, 0), 1.0) * 2
    strength = rng.uniform(0, noise) * 255 * min(1.0, image.std() / 50)
    if rng.random() < 0.4:
        grain *= np.sqrt(image.astype(np.float32) / 128)
    return to_grey(image + grain * strength)


def recompress(image: Image, rng: np.random.Generator, quality: tuple[int, int] = (JPEG_QUALITY - 2, 80)) -> Image:
    """What a JPEG of a quality in this range leaves."""
    return jpeg(image, int(rng.uniform(*quality)))


def withstood(image: Image, rng: np.random.Generator) -> Image:
    """A view within what an answer is measured to withstand: frame, tilt and one corruption, up to severity 3."""
    if rng.random() < 0.7:
        scale = np.eye(2) * np.exp(rng.uniform(-CROP, CROP))
        turn, shift = rng.uniform(-ROTATION, ROTATION), rng.uniform(-0.05, 0.05, 2)
        image = _moved(image, rng, _affine(image, scale, turn, shift))
    share = rng.uniform(0, 1)
    match rng.integers(0, 7):
        case 0:
            return cv2.GaussianBlur(image, (0, 0), (0.3 + share * (BLUR - 0.3)) * min(image.shape) / IMAGENET)
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
