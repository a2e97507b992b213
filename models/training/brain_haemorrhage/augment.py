"""Random disturbances for training: another head, field of view, scanner, kernel and archive.

The window is fixed, so grey levels move little: a bleed is told by them. Sides are exchanged at random: none is told.
"""

from __future__ import annotations

import numpy as np

from kit.augmentation import Frame, Tone, expose, recompress, reframe, roughen, soften
from kit.corruptions import Image

FRAME = Frame(zoom=(0.88, 1.15), aspect=0.12, shift=0.05, turn=15.0, flip=0.5)
TONE = Tone(gamma=0.2, contrast=(0.75, 1.25), exposure=0.08)


def augment(image: Image, rng: np.random.Generator) -> Image:
    """[256,256] uint8 -> another view of it. Frame and tone always vary; the rest by chance."""
    image = expose(reframe(image, rng, FRAME), rng, TONE)
    if rng.random() < 0.3:
        image = soften(image, rng, blur=1.5)
    if rng.random() < 0.3:
        image = roughen(image, rng, noise=0.08)
    if rng.random() < 0.3:
        image = recompress(image, rng)
    return image
