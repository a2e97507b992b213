"""Images of another kind that this model must not answer; those that no model of chests would are the kit's."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pydicom
import torch
from numpy.typing import NDArray
from pydicom.encaps import generate_frames

from chest_xray_paediatric.table import SHAPE
from kit.corruptions import Image, to_grey
from kit.gates.families import faults, foreign, lines_of, lung_ct, one_each, pictures
from kit.resize import squeeze

FOREIGN = ("fundus photograph", "retinal OCT", "head CT", "brain MR", "lung histology", "cervical cytology")
ADULTS = {"adult chest, antero-posterior": "AP", "adult chest, postero-anterior": "PA"}


def squeezed(image: NDArray[np.generic]) -> Image:
    """[H,W] grey levels of any size -> [224,224], as the graph squeezes it."""
    wide = torch.from_numpy(image.astype(np.float32))[None, None]
    return to_grey(squeeze(wide, SHAPE)[0, 0].numpy())


def families_a(images: NDArray[np.uint8], sets: Path, split: str) -> dict[str, NDArray[np.uint8]]:
    """What the method was chosen on: faults made of these images, and a part of the other sets."""
    others = foreign(sets, FOREIGN, split, squeezed)
    return {**faults(images), **others, "lung CT": lung_ct(sets, split, squeezed)}


def families_b(sets: Path) -> dict[str, NDArray[np.uint8]]:
    """Adults of any part of their set, by view; children older than the intended use; radiographs of other sources."""
    folder = sets / "cxr-nih"
    lines = [line for split in ("train", "val", "test") for line in lines_of(folder, split)]
    chosen = {
        name: [line for line in lines if int(line["age"]) >= 18 and line["view"] == view]
        for name, view in ADULTS.items()
    }
    chosen["chest of 6 to 17 years"] = [line for line in lines if 6 <= int(line["age"]) < 18]
    found = {name: pictures(folder, one_each(some, "patient"), squeezed) for name, some in chosen.items()}
    return {**found, "radiographs of other sources": _radiographs(sets / "dicom")}


def _radiographs(folder: Path) -> NDArray[np.uint8]:
    """Every projection radiograph among the DICOM test files that is larger than a thumbnail."""
    with (folder / "INDEX.csv").open(newline="") as handle:
        lines = [
            line for line in csv.DictReader(handle) if line["modality"] in ("CR", "DX") and int(line["rows"]) > 100
        ]
    return np.stack([_radiograph(folder / line["file"]) for line in lines])


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
