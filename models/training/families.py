"""Images the model must not answer, in families, and how each is made.

Families A (other modalities, synthetic faults) are what a gate's method is chosen on. Families B (the same organ in
another population or view) are looked at once, when everything is fixed. An image of another set is one of each
patient or group, where the set names one.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pydicom
import torch
from numpy.typing import NDArray
from pydicom.encaps import generate_frames

from corruptions import Image, to_grey
from network import STORED, squeeze

MOST = 120  # images a family

Fault = Callable[[Image, np.random.Generator], Image]


def squeezed(image: NDArray[np.generic]) -> Image:
    """[H,W] grey levels of any size -> [224,224], as the graph squeezes it."""
    wide = torch.from_numpy(image.astype(np.float32))[None, None]
    return to_grey(squeeze(wide, STORED)[0, 0].numpy())


def _blank(_: Image, rng: np.random.Generator) -> Image:
    return to_grey(
        np.full((STORED, STORED), rng.integers(0, 256)) + rng.normal(0, rng.choice([0, 1]), (STORED, STORED))
    )


def _noise(_: Image, rng: np.random.Generator) -> Image:
    return to_grey(rng.normal(rng.uniform(60, 190), rng.uniform(15, 70), (STORED, STORED)))


def _text(_: Image, rng: np.random.Generator) -> Image:
    """Lines of burnt-in text on an even ground."""
    paper, ink = (0, 255) if rng.random() < 0.7 else (255, 0)
    page = np.full((STORED, STORED), paper, np.uint8)
    for line in range(int(rng.integers(1, 9))):
        words = "".join(
            rng.choice(list("ABCDEFGHIKLMNOPRSTUVXYZ 0123456789:/.")) for _ in range(int(rng.integers(4, 24)))
        )
        place = int(rng.integers(2, 60)), 20 + line * 24
        cv2.putText(page, words, place, cv2.FONT_HERSHEY_SIMPLEX, rng.uniform(0.3, 0.7), int(ink), 1, cv2.LINE_AA)
    return page


def _half_covered(image: Image, rng: np.random.Generator) -> Image:
    covered = image.copy()
    half = STORED // 2
    side = (np.s_[:half], np.s_[half:], np.s_[:, :half], np.s_[:, half:])[rng.integers(4)]
    covered[side] = rng.choice([0, 255, int(image.mean())])
    return covered


def _stripes(image: Image, rng: np.random.Generator) -> Image:
    """A failed readout: rows or columns replaced by bands."""
    striped = image.copy()
    period, width = int(rng.integers(6, 24)), 0.5
    lines = np.arange(STORED) % period < period * width
    level = rng.choice([0, 255])
    if rng.random() < 0.5:
        striped[lines] = level
    else:
        striped[:, lines] = level
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
    side = round(STORED * 0.3)
    top, left = rng.choice([0, STORED - side], 2)
    return cv2.resize(image[top : top + side, left : left + side], (STORED, STORED), interpolation=cv2.INTER_LINEAR)


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

OTHER_MODALITIES = {
    "fundus photograph": ("fundus", "patient"),
    "retinal OCT": ("oct-unam", "patient"),
    "head CT": ("ct-ich", "patient"),
    "brain MR": ("brain-tumor-mri", "patient"),
    "lung histology": ("histology-lung", "group"),
    "cervical cytology": ("pap-smear", "patient"),
}

ADULTS = {
    "adult chest, antero-posterior": "AP",
    "adult chest, postero-anterior": "PA",
}


def _lines(folder: Path, split: str) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(newline="") as handle:
        return [line for line in csv.DictReader(handle) if line["split"] == split]


def _one_each(lines: list[dict[str, str]], key: str, seed: int = 0) -> list[dict[str, str]]:
    """One line of each group, at most MOST, in an order drawn by the seed."""
    order = np.random.default_rng(seed).permutation(len(lines))
    first = {lines[index][key]: lines[index] for index in reversed(order)}
    return sorted(first.values(), key=lambda line: line["file"])[:: max(1, -(-len(first) // MOST))]


def _read(folder: Path, lines: list[dict[str, str]]) -> NDArray[np.uint8]:
    return np.stack([squeezed(cv2.imread(str(folder / line["file"]), cv2.IMREAD_GRAYSCALE)) for line in lines])


def faults(images: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
    """Each synthetic fault of some of the given images [N,224,224]."""
    chosen = images[:: max(1, -(-len(images) // MOST))]
    return {
        name: np.stack([make(image, np.random.default_rng([place, index])) for index, image in enumerate(chosen)])
        for place, (name, make) in enumerate(FAULTS.items())
    }


def other_modalities(sets: Path, split: str) -> dict[str, NDArray[np.uint8]]:
    """Images of the other sets' part; `sets` is the folder that holds them."""
    found = {}
    for name, (folder, key) in OTHER_MODALITIES.items():
        found[name] = _read(sets / folder, _one_each(_lines(sets / folder, split), key))
    nodules = np.load(sets / "lung-nodule" / f"{split}.npz")["image"][:, 4]
    found["lung CT"] = np.stack([squeezed(image) for image in nodules[:: max(1, -(-len(nodules) // MOST))]])
    return found


def other_chests(sets: Path) -> dict[str, NDArray[np.uint8]]:
    """Families B: adults of any part of their set, by view, and children older than the intended use."""
    folder = sets / "cxr-nih"
    lines = [line for split in ("train", "val", "test") for line in _lines(folder, split)]
    adults = [line for line in lines if int(line["age"]) >= 18]
    found = {
        name: _read(folder, _one_each([line for line in adults if line["view"] == view], "patient"))
        for name, view in ADULTS.items()
    }
    older = [line for line in lines if 6 <= int(line["age"]) < 18]
    found["chest of 6 to 17 years"] = _read(folder, _one_each(older, "patient"))
    return found


def other_radiographs(sets: Path) -> dict[str, NDArray[np.uint8]]:
    """Families B: every projection radiograph among the DICOM test files that is larger than a thumbnail."""
    folder = sets / "dicom"
    with (folder / "INDEX.csv").open(newline="") as handle:
        lines = [
            line for line in csv.DictReader(handle) if line["modality"] in ("CR", "DX") and int(line["rows"]) > 100
        ]
    return {"radiographs of other sources": np.stack([_radiograph(folder / line["file"]) for line in lines])}


def _radiograph(file: Path) -> Image:
    """From its least to its greatest value, 0 = black, whatever the photometric interpretation."""
    dataset = pydicom.dcmread(file)
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
        stored = cv2.imdecode(np.frombuffer(frame, np.uint8), cv2.IMREAD_UNCHANGED)
    else:
        stored = dataset.pixel_array
    values = stored.astype(np.float32)
    grey = (values - values.min()) / max(1.0, float(np.ptp(values))) * 255
    return squeezed(255 - grey if dataset.PhotometricInterpretation == "MONOCHROME1" else grey)
