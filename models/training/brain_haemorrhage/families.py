"""Images of another kind that this model must not answer; those that no model of head CT would are the kit's.

Families A are other organs, whatever took them, and faults. Families B are the same head seen otherwise (magnetic
resonance, the bone window) and the same modality and window of another part.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pydicom
import torch
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from brain_haemorrhage.settle import WINDOW
from brain_haemorrhage.table import SHAPE, tested_slices_of
from kit.corruptions import Image, to_grey
from kit.gates.families import faults, foreign, lung_ct
from kit.images import read_images
from kit.resize import squeeze

FOREIGN = ("chest radiograph", "fundus photograph", "retinal OCT", "lung histology", "cervical cytology")
BRAIN_MR = "brain MR"
SMALLEST = 100  # pixels: what is less is a test file, not a picture
ANOTHER_HEAD = "pydicom-data/693_UNCI.dcm"  # spoilt by compression: neither of the intended use nor of another kind


def squeezed(image: NDArray[np.generic]) -> Image:
    """[H,W] grey levels of any size -> [256,256]: in the middle of a black square, as the graph keeps proportions."""
    height, width = image.shape
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    square = np.zeros((side, side), np.float32)
    square[top : top + height, left : left + width] = image
    return to_grey(squeeze(torch.from_numpy(square)[None, None], SHAPE)[0, 0].numpy())


def families_a(images: NDArray[np.uint8], sets: Path, split: str) -> dict[str, NDArray[np.uint8]]:
    """What the method was looked at on: faults made of these images, and a part of the other sets."""
    others = foreign(sets, FOREIGN, split, squeezed)
    return {**faults(images), **others, "lung CT": lung_ct(sets, split, squeezed)}


def families_b(data: Path, sets: Path) -> dict[str, NDArray[np.uint8]]:
    """Heads by magnetic resonance from three sources, the bone window of the test slices, and CT of neck and spine."""
    slices = tested_slices_of(data)
    bones = [row.attributes["file_bone"] for row in slices.rows if row.attributes["file_bone"]]
    return {
        "brain MR, tumours": foreign(sets, [BRAIN_MR], "test", squeezed)[BRAIN_MR],
        "brain MR, volumes of healthy heads": _magnitudes(sets / "mri-kspace" / "slices"),
        "brain MR of one patient (DICOM)": _series(sets / "brain-mri-dicom" / "dicom"),
        "bone window of the test slices": read_images(data, bones, SHAPE),
        "CT of neck and spine in the brain window": _tomograms(sets / "dicom"),
    }


def _magnitudes(folder: Path) -> NDArray[np.uint8]:
    """Files of [256,256] where 1 is nearly the brightest."""
    return np.stack([squeezed(np.load(file).astype(np.float32).clip(0, 1) * 255) for file in sorted(folder.glob("*"))])


def _series(folder: Path) -> NDArray[np.uint8]:
    """The T1 series, from its least to nearly its greatest value."""
    images = [pydicom.dcmread(file).pixel_array for file in sorted(folder.glob("*/*T1post*/*.dcm"))]
    most = np.percentile(images, 99.5)
    return np.stack([squeezed((image / most).clip(0, 1) * 255) for image in images])


def _tomograms(folder: Path) -> NDArray[np.uint8]:
    """CT images among the DICOM test files, each once, that are stored as they are."""
    with (folder / "INDEX.csv").open(newline="") as handle:
        lines = [
            line
            for line in csv.DictReader(handle)
            if line["sop_class"] == "CT Image Storage" and int(line["rows"] or 0) >= SMALLEST
        ]
    files = {line["group"]: line["file"] for line in reversed(lines) if line["file"] != ANOTHER_HEAD}
    read = [pydicom.dcmread(folder / file) for file in files.values()]
    native = [image for image in read if not image.file_meta.TransferSyntaxUID.is_encapsulated]
    return np.stack([_windowed(image) for image in native])


def _windowed(image: Dataset) -> Image:
    hounsfield = image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept)
    share = (hounsfield - WINDOW["center"]) / WINDOW["width"] + 0.5
    return squeezed(share.clip(0, 1) * 255)
