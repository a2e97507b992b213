"""A bare grey image as a proper DICOM object: Digital X-Ray Image Storage - For Presentation (PS3.3 A.26).

The pixels are real; the header is invented, so that a data set without headers can be sent like a hospital's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import DigitalXRayImageStorageForPresentation

from kit import golden_dicom as kit
from kit.golden_dicom import Patient, code, invented, with_file_meta

INVENTED = [*kit.INVENTED, "ImagerPixelSpacing", "DetectorType"]


def _detector(dataset: Dataset) -> None:
    dataset.DetectorType, dataset.PositionerType = "DIRECT", ""
    dataset.ImagerPixelSpacing = [1.25, 1.25]


def _view(dataset: Dataset) -> None:
    dataset.Modality, dataset.PresentationIntentType = "DX", "FOR PRESENTATION"
    dataset.BodyPartExamined, dataset.ImageLaterality, dataset.ViewPosition = "CHEST", "U", "AP"
    dataset.PatientOrientation = ["L", "F"]
    dataset.AnatomicRegionSequence = code("816094009", "Chest")
    dataset.ViewCodeSequence = code("399348003", "antero-posterior")
    dataset.ViewCodeSequence[0].ViewModifierCodeSequence = Sequence([])
    dataset.AcquisitionContextSequence = Sequence([])


def _pixels(dataset: Dataset, image: NDArray[np.uint8], stored_bytes: int) -> None:
    dataset.Rows, dataset.Columns = image.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.DerivationDescription = "Squeezed to 224 x 224 without keeping the aspect ratio; JPEG"
    dataset.BurnedInAnnotation, dataset.LossyImageCompression = "NO", "01"
    dataset.LossyImageCompressionMethod = "ISO_10918_1"
    dataset.LossyImageCompressionRatio = round(image.size / stored_bytes, 2)
    dataset.PixelIntensityRelationship, dataset.PixelIntensityRelationshipSign = "LIN", -1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = 0, 1, "US"
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.WindowCenter, dataset.WindowWidth = 128, 256
    dataset.PixelData = image.tobytes()


def golden_dicom(image: NDArray[np.uint8], patient: Patient, order: int, stored_bytes: int) -> Dataset:
    """[H,W] uint8 (0 = black) -> a data set with file meta information, ready to be written. One study each."""
    dataset = invented(DigitalXRayImageStorageForPresentation, patient, order, "Chest X-ray", "Chest AP")
    _detector(dataset)
    _view(dataset)
    _pixels(dataset, image, stored_bytes)
    return with_file_meta(dataset)
