"""A bare grey image as a proper DICOM object: Digital X-Ray Image Storage - For Presentation (PS3.3 A.26).

The pixels are real; the header is invented, so that a data set without headers can be sent like a hospital's. UIDs
are UUIDs of a name under the root 2.25 (PS3.5 B.2): the same input gives the same file.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian

NAMESPACE = uuid.UUID("6a1f3f0e-3a5e-5c7b-9d0b-5f5d1c0a7e11")
STUDY_DATE = "20240917"

INVENTED = [
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "PatientAge",
    "IssuerOfPatientID",
    "AccessionNumber",
    "StudyID",
    "StudyDate",
    "StudyTime",
    "SeriesDate",
    "SeriesTime",
    "AcquisitionDate",
    "AcquisitionTime",
    "ContentDate",
    "ContentTime",
    "InstanceCreationDate",
    "InstanceCreationTime",
    "TimezoneOffsetFromUTC",
    "StudyDescription",
    "SeriesDescription",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SOPInstanceUID",
    "Manufacturer",
    "ManufacturerModelName",
    "DeviceSerialNumber",
    "SoftwareVersions",
    "InstitutionName",
    "StationName",
    "ImagerPixelSpacing",
    "DetectorType",
]


@dataclass(frozen=True)
class Patient:
    """An invented child. `age` in whole years, born on a 1 March."""

    name: str
    identifier: str
    age: int

    @property
    def birth_date(self) -> str:
        return f"{int(STUDY_DATE[:4]) - self.age}0301"


def uid(*words: str) -> UID:
    """2.25.<the integer of a UUID (version 5) of the words>."""
    return UID(f"2.25.{uuid.uuid5(NAMESPACE, '/'.join(words)).int}")


def code(value: str, meaning: str) -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return Sequence([item])


def _study_and_series(dataset: Dataset, patient: Patient, order: int, key: str) -> None:
    time = f"09{order:02d}00"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uid(key, "study"), uid(key, "series")
    for moment in ("Study", "Series", "Acquisition", "Content", "InstanceCreation"):
        setattr(dataset, f"{moment}Date", STUDY_DATE)
        setattr(dataset, f"{moment}Time", time)
    dataset.TimezoneOffsetFromUTC = "+0000"
    dataset.AccessionNumber = f"GOLDEN{order:04d}"
    dataset.StudyID, dataset.SeriesNumber, dataset.InstanceNumber = str(order), 1, 1
    dataset.ReferringPhysicianName = ""
    dataset.StudyDescription, dataset.SeriesDescription = "Chest X-ray", "Chest AP"
    dataset.PatientName, dataset.PatientID = patient.name, patient.identifier
    dataset.IssuerOfPatientID = "GOLDEN"
    dataset.PatientBirthDate, dataset.PatientSex = patient.birth_date, "O"
    dataset.PatientAge = f"{patient.age:03d}Y"


def _device(dataset: Dataset) -> None:
    dataset.Manufacturer, dataset.ManufacturerModelName = "GOLDEN", "Golden set"
    dataset.DeviceSerialNumber, dataset.SoftwareVersions = "1", "1"
    dataset.InstitutionName, dataset.StationName = "GOLDEN", "GOLDEN1"
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
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = DigitalXRayImageStorageForPresentation
    dataset.SOPInstanceUID = uid(patient.identifier, "instance")
    _study_and_series(dataset, patient, order, patient.identifier)
    _device(dataset)
    _view(dataset)
    _pixels(dataset, image, stored_bytes)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.ImplementationClassUID = uid("sightline", "golden")
    return dataset
