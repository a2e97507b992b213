"""The fixed disturbances a trained model is measured under.

The pixel ones follow ImageNet-C (Hendrycks and Dietterich 2019, https://arxiv.org/abs/1903.12261) at severity 3, for
grey images; crop and rotation are those of an imprecise field of view and a tilted patient. Every function takes and
returns [H,W] uint8 and draws only from the generator it is given.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Corruption = Callable[[Image, np.random.Generator], Image]

NOISE = 0.18  # standard deviation, of full scale
BLUR = 3.0  # standard deviation, pixels of IMAGENET
IMAGENET = 224  # pixels of the shorter side that ImageNet-C was made for
CONTRAST = 0.2  # share of the contrast that is left
EXPOSURE = 0.3  # of full scale, added
JPEG_QUALITY = 15
CROP = 0.15  # of each side's length
ROTATION = 10.0  # degrees


def to_grey(image: NDArray[np.floating]) -> Image:
    return np.clip(np.rint(image), 0, 255).astype(np.uint8)


def jpeg(image: Image, quality: int) -> Image:
    """What a baseline JPEG of this quality (1..100) leaves of the image."""
    _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE)


def warp(image: Image, matrix: NDArray[np.floating], border: int = cv2.BORDER_CONSTANT) -> Image:
    """The image under a 2 x 3 affine map (output from input), linear, with a black or repeated border."""
    return cv2.warpAffine(image, matrix, image.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=border)


def _noise(image: Image, rng: np.random.Generator) -> Image:
    return to_grey(image + rng.normal(0, NOISE * 255, image.shape))


def _blur(image: Image, _: np.random.Generator) -> Image:
    return cv2.GaussianBlur(image, (0, 0), BLUR * min(image.shape) / IMAGENET)


def _contrast(image: Image, _: np.random.Generator) -> Image:
    mean = image.mean()
    return to_grey((image - mean) * CONTRAST + mean)


def _brighter(image: Image, _: np.random.Generator) -> Image:
    return to_grey(image + EXPOSURE * 255.0)


def _darker(image: Image, _: np.random.Generator) -> Image:
    return to_grey(image - EXPOSURE * 255.0)


def _jpeg(image: Image, _: np.random.Generator) -> Image:
    return jpeg(image, JPEG_QUALITY)


def _cropped(image: Image, rng: np.random.Generator) -> Image:
    """A window of 85 % of each side at a random place, resized back."""
    height, width = (round(side * (1 - CROP)) for side in image.shape)
    top = rng.integers(0, image.shape[0] - height + 1)
    left = rng.integers(0, image.shape[1] - width + 1)
    window = image[top : top + height, left : left + width]
    return cv2.resize(window, image.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _padded(image: Image, _: np.random.Generator) -> Image:
    """A black frame of 15 % of each side, resized back."""
    above, beside = (round(side * CROP / 2) for side in image.shape)
    framed = cv2.copyMakeBorder(image, above, above, beside, beside, cv2.BORDER_CONSTANT, value=0)
    return cv2.resize(framed, image.shape[::-1], interpolation=cv2.INTER_AREA)


def _rotated(degrees: float) -> Corruption:
    def rotate(image: Image, _: np.random.Generator) -> Image:
        centre = (image.shape[1] - 1) / 2, (image.shape[0] - 1) / 2
        return warp(image, cv2.getRotationMatrix2D(centre, degrees, 1.0))

    return rotate


CORRUPTIONS: dict[str, Corruption] = {
    "noise": _noise,
    "blur": _blur,
    "contrast": _contrast,
    "exposure +": _brighter,
    "exposure -": _darker,
    "JPEG compression": _jpeg,
    "crop -15 %": _cropped,
    "crop +15 % (black frame)": _padded,
    "rotation +10 degrees": _rotated(ROTATION),
    "rotation -10 degrees": _rotated(-ROTATION),
}


def corrupt(images: NDArray[np.uint8], name: str, seed: int = 0) -> NDArray[np.uint8]:
    """[N,H,W] -> the same under one named corruption; the draw depends on the seed and the place in the array."""
    function = CORRUPTIONS[name]
    return np.stack([function(image, np.random.default_rng([seed, index])) for index, image in enumerate(images)])
