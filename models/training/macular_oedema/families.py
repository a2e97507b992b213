"""Images of another kind that this model must not answer; those that no model of B-scans would are the kit's."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pydicom
import torch
from numpy.typing import NDArray
from pydicom.encaps import generate_frames

from kit.corruptions import Image, to_grey
from kit.gates.families import faults, foreign, lines_of, lung_ct, one_each, pictures
from kit.resize import squeeze
from macular_oedema.table import SHAPE

FOREIGN = ("head CT", "brain MR", "chest radiograph", "lung histology", "cervical cytology")
FUNDUS = {"fundus photograph": "fundus", "fundus photograph, two other sources": "fundus-vessels"}
PHOTOGRAPH = "dcmjs/sample-op.dcm"  # of the DICOM test files; none of those is a tomogram of an eye


def squeezed(image: NDArray[np.generic]) -> Image:
    """[H,W] grey levels of any size -> [208,512], as the graph squeezes it."""
    wide = torch.from_numpy(image.astype(np.float32))[None, None]
    return to_grey(squeeze(wide, SHAPE)[0, 0].numpy())


def families_a(images: NDArray[np.uint8], sets: Path, split: str) -> dict[str, NDArray[np.uint8]]:
    """What the method is judged by: faults made of these images, and a part of the other sets."""
    others = foreign(sets, FOREIGN, split, squeezed)
    return {**faults(images), **others, "lung CT": lung_ct(sets, split, squeezed)}


def families_b(sets: Path) -> dict[str, NDArray[np.uint8]]:
    """The same organ seen from the front, of any part of the sets."""
    found = {}
    for name, folder in FUNDUS.items():
        lines = [line for split in ("train", "val", "test") for line in lines_of(sets / folder, split)]
        found[name] = pictures(sets / folder, one_each(lines, "patient"), squeezed)
    return {**found, "ophthalmic photograph (DICOM)": squeezed(_photograph(sets / "dicom" / PHOTOGRAPH))[None]}


def _photograph(file: Path) -> NDArray[np.generic]:
    """[H,W] of a compressed file of one frame."""
    frame = next(generate_frames(pydicom.dcmread(file).PixelData, number_of_frames=1))
    return cv2.imdecode(np.frombuffer(frame, np.uint8), cv2.IMREAD_UNCHANGED)
