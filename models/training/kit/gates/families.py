"""Images a model must not answer, in families, and how each is made.

Families A (other modalities, synthetic faults) are what a gate's method is chosen on. Families B (the same organ in
another population or view) are looked at once, when everything is fixed. An image of another set is one of each
patient or group, where the set names one.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from kit.corruptions import Image, to_grey

MOST = 120  # images a family

Fault = Callable[[Image, np.random.Generator], Image]
Squeeze = Callable[[NDArray[np.generic]], Image]  # grey levels of any size -> the size the images of a recipe have
Line = dict[str, str]
Thing = TypeVar("Thing")


def _blank(image: Image, rng: np.random.Generator) -> Image:
    return to_grey(np.full(image.shape, rng.integers(0, 256)) + rng.normal(0, rng.choice([0, 1]), image.shape))


def _noise(image: Image, rng: np.random.Generator) -> Image:
    return to_grey(rng.normal(rng.uniform(60, 190), rng.uniform(15, 70), image.shape))


def _text(image: Image, rng: np.random.Generator) -> Image:
    """Lines of burnt-in text on an even ground."""
    paper, ink = (0, 255) if rng.random() < 0.7 else (255, 0)
    page = np.full_like(image, paper)
    for line in range(int(rng.integers(1, 9))):
        words = "".join(
            rng.choice(list("ABCDEFGHIKLMNOPRSTUVXYZ 0123456789:/.")) for _ in range(int(rng.integers(4, 24)))
        )
        place = int(rng.integers(2, 60)), 20 + line * 24
        cv2.putText(page, words, place, cv2.FONT_HERSHEY_SIMPLEX, rng.uniform(0.3, 0.7), int(ink), 1, cv2.LINE_AA)
    return page


def _half_covered(image: Image, rng: np.random.Generator) -> Image:
    covered = image.copy()
    row, column = image.shape[0] // 2, image.shape[1] // 2
    side = (np.s_[:row], np.s_[row:], np.s_[:, :column], np.s_[:, column:])[rng.integers(4)]
    covered[side] = rng.choice([0, 255, int(image.mean())])
    return covered


def _stripes(image: Image, rng: np.random.Generator) -> Image:
    """A failed readout: rows or columns replaced by bands."""
    striped = image.copy()
    period, width = int(rng.integers(6, 24)), 0.5
    level = rng.choice([0, 255])
    upright = striped if rng.random() < 0.5 else striped.T
    upright[np.arange(len(upright)) % period < period * width] = level
    return striped


def _heavy_blur(image: Image, rng: np.random.Generator) -> Image:
    return cv2.GaussianBlur(image, (0, 0), rng.uniform(8, 14))


def _saturated(image: Image, rng: np.random.Generator) -> Image:
    """Nine tenths of the image at one end of the scale."""
    low, high = np.quantile(image, [0.1, 0.9])
    wide = (image.astype(np.float64) - (high if rng.random() < 0.5 else low - 25)) * 10
    return to_grey(wide)


def _corner(image: Image, rng: np.random.Generator) -> Image:
    """A corner of 30 % of each side, resized back."""
    height, width = (round(side * 0.3) for side in image.shape)
    below, right = rng.choice([0, 1], 2)
    top, left = below * (image.shape[0] - height), right * (image.shape[1] - width)
    window = image[top : top + height, left : left + width]
    return cv2.resize(window, image.shape[::-1], interpolation=cv2.INTER_LINEAR)


FAULTS: dict[str, Fault] = {
    "blank": _blank,
    "noise only": _noise,
    "text only": _text,
    "half covered": _half_covered,
    "stripes": _stripes,
    "heavy blur": _heavy_blur,
    "saturated": _saturated,
    "cut to a corner": _corner,
}

# What of the other sets is seen, the folder it is in, and the column that says whose it is.
SETS = {
    "fundus photograph": ("fundus", "patient"),
    "retinal OCT": ("oct-unam", "patient"),
    "chest radiograph": ("cxr-nih", "patient"),
    "head CT": ("ct-ich", "patient"),
    "brain MR": ("brain-tumor-mri", "patient"),
    "lung histology": ("histology-lung", "group"),
    "cervical cytology": ("pap-smear", "patient"),
}


def lines_of(folder: Path, split: str) -> list[Line]:
    """The lines of a part of another set's labels.csv."""
    with (folder / "labels.csv").open(newline="") as handle:
        return [line for line in csv.DictReader(handle) if line["split"] == split]


def one_each(lines: list[Line], column: str, seed: int = 0) -> list[Line]:
    """One line of each patient or group, at most MOST, in an order drawn by the seed."""
    order = np.random.default_rng(seed).permutation(len(lines))
    first = {lines[index][column]: lines[index] for index in reversed(order)}
    return thinned(sorted(first.values(), key=lambda line: line["file"]))


def thinned(things: Sequence[Thing]) -> Sequence[Thing]:
    """Every so manieth, so that at most MOST are left."""
    return things[:: max(1, -(-len(things) // MOST))]


def pictures(folder: Path, lines: list[Line], squeeze: Squeeze) -> NDArray[np.uint8]:
    return np.stack([squeeze(cv2.imread(str(folder / line["file"]), cv2.IMREAD_GRAYSCALE)) for line in lines])


def faults(images: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
    """Each synthetic fault of some of the given images [N,H,W]."""
    return {
        name: np.stack(
            [make(image, np.random.default_rng([place, index])) for index, image in enumerate(thinned(images))]
        )
        for place, (name, make) in enumerate(FAULTS.items())
    }


def foreign(sets: Path, names: Iterable[str], split: str, squeeze: Squeeze) -> dict[str, NDArray[np.uint8]]:
    """Images of a part of the other sets, by their names in SETS; `sets` is the folder that holds them."""
    found = {}
    for name in names:
        folder, column = SETS[name]
        found[name] = pictures(sets / folder, one_each(lines_of(sets / folder, split), column), squeeze)
    return found


def lung_ct(sets: Path, split: str, squeeze: Squeeze) -> NDArray[np.uint8]:
    """Middle slices of the patches of `lung-nodule`, which keeps its pictures otherwise."""
    middle = np.load(sets / "lung-nodule" / f"{split}.npz")["image"][:, 4]
    return np.stack([squeeze(image) for image in thinned(middle)])
