"""Another patient's position, another scanner's noise floor and gain, another archive: [208,512] uint8 to a view of it.

Retinas lie nearly level and never upside down. What the classes' scanners differ by (floor, gain,
sharpness, noise, compression) is varied beyond what the images show.
"""

from __future__ import annotations

import numpy as np

from kit.augmentation import Frame, Tone, expose, recompress, reframe, roughen, soften
from kit.corruptions import Image, to_grey

FRAME = Frame(zoom=(0.85, 1.25), aspect=0.15, shift=0.04, turn=12.0, flip=0.5)
TONE = Tone(gamma=0.25, contrast=(0.6, 1.4), exposure=0.06)
FLOOR = 30.0  # grey levels: most that the noise floor is raised by
NOISE = 0.10


def _raise_floor(image: Image, rng: np.random.Generator) -> Image:
    """Black becomes grey and white stays: what a scanner with a higher noise floor shows."""
    floor = rng.uniform(0, FLOOR)
    return to_grey(floor + image * (1 - floor / 255))


def augment(image: Image, rng: np.random.Generator) -> Image:
    image = expose(reframe(image, rng, FRAME), rng, TONE)
    if rng.random() < 0.5:
        image = _raise_floor(image, rng)
    if rng.random() < 0.35:
        image = soften(image, rng, blur=1.5)
    if rng.random() < 0.35:
        image = roughen(image, rng, NOISE)
    if rng.random() < 0.35:
        image = recompress(image, rng)
    return image
