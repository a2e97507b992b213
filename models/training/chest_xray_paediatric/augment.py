"""Random disturbances for training: another collimation, another detector, another archive.

The aim is that nothing but the lungs tells the classes apart: in the data set normal images are framed more widely
and were larger before they were squeezed to 224 x 224, so frame, sharpness, grain and compression are all varied here
beyond what the images themselves show. Strengths are drawn uniformly up to ImageNet-C severity 3.
"""

from __future__ import annotations

import numpy as np

from kit.augmentation import Frame, Tone, expose, recompress, reframe, roughen, soften
from kit.corruptions import Image

FRAME = Frame(flip=0.3)


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
    image = expose(reframe(image, rng, FRAME), rng, Tone())
    steps = [step for step, chance in ((soften, 0.4), (roughen, 0.35), (_cover, 0.35)) if rng.random() < chance]
    for index in rng.permutation(len(steps)):
        image = steps[index](image, rng)
    if rng.random() < 0.35:
        image = recompress(image, rng)
    return image
