"""Slices of a drawn head as DICOM: CT Image Storage (PS3.3 A.3).

Nothing in it is of a person, neither pixels nor header.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, RLELossless

from brain_haemorrhage.draw import APART, PIXEL
from kit import golden_dicom as kit
from kit.golden_dicom import Patient, invented, uid, with_file_meta

INVENTED = [*kit.INVENTED, "FrameOfReferenceUID", "ImagePositionPatient", "PixelSpacing", "PixelData"]
INTERCEPT = -1024  # Hounsfield units that a stored 0 is


def _place(dataset: Dataset, index: int, side: int) -> None:
    """Axial slices upwards from 0, the middle of each on one line (PS3.3 C.7.6.2)."""
    corner = -(side - 1) / 2 * PIXEL
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = uid(dataset.PatientID, "frame"), ""
    dataset.ImagePositionPatient = [corner, corner, index * APART]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.SliceThickness = [PIXEL, PIXEL], APART
    dataset.PatientPosition = "HFS"


def _pixels(dataset: Dataset, hounsfield: NDArray[np.int16]) -> None:
    dataset.Rows, dataset.Columns = hounsfield.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = INTERCEPT, 1, "HU"
    dataset.WindowCenter, dataset.WindowWidth = 40, 80
    dataset.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    dataset.DerivationDescription = "Drawn by a program"
    dataset.BurnedInAnnotation, dataset.LossyImageCompression = "NO", "00"
    dataset.KVP, dataset.AcquisitionNumber = None, 1
    dataset.PixelData = (hounsfield - INTERCEPT).astype("<u2").tobytes()


def golden_slice(hounsfield: NDArray[np.int16], patient: Patient, order: int, index: int) -> Dataset:
    """[S,S] Hounsfield units -> the slice of a volume, with file meta information, run-length encoded."""
    dataset = invented(CTImageStorage, patient, order, "CT head", "Drawn head")
    dataset.SOPInstanceUID, dataset.InstanceNumber = uid(patient.identifier, "instance", str(index)), index + 1
    dataset.Modality, dataset.BodyPartExamined = "CT", "HEAD"
    _place(dataset, index, len(hounsfield))
    _pixels(dataset, hounsfield)
    dataset = with_file_meta(dataset)
    dataset.compress(RLELossless, generate_instance_uid=False)
    return dataset
