"""What every golden DICOM object says alike: an invented patient and device, one study each, and UIDs that stay.

UIDs are UUIDs of a name under the root 2.25 (PS3.5 B.2): the same input gives the same file.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian

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
]


@dataclass(frozen=True)
class Patient:
    """Nobody. `age` in whole years, born on a 1 March."""

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
    """One concept of SNOMED CT."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return Sequence([item])


def invented(sop_class: UID, patient: Patient, order: int, study: str, series: str) -> Dataset:
    """A study of one instance, described by these words, without its image; `order` is its place in the golden set."""
    dataset, key, time = Dataset(), patient.identifier, f"09{order:02d}00"
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, uid(key, "instance")
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uid(key, "study"), uid(key, "series")
    for moment in ("Study", "Series", "Acquisition", "Content", "InstanceCreation"):
        setattr(dataset, f"{moment}Date", STUDY_DATE)
        setattr(dataset, f"{moment}Time", time)
    dataset.TimezoneOffsetFromUTC = "+0000"
    dataset.AccessionNumber = f"GOLDEN{order:04d}"
    dataset.StudyID, dataset.SeriesNumber, dataset.InstanceNumber = str(order), 1, 1
    dataset.ReferringPhysicianName = ""
    dataset.StudyDescription, dataset.SeriesDescription = study, series
    dataset.PatientName, dataset.PatientID = patient.name, patient.identifier
    dataset.IssuerOfPatientID = "GOLDEN"
    dataset.PatientBirthDate, dataset.PatientSex = patient.birth_date, "O"
    dataset.PatientAge = f"{patient.age:03d}Y"
    dataset.Manufacturer, dataset.ManufacturerModelName = "GOLDEN", "Golden set"
    dataset.DeviceSerialNumber, dataset.SoftwareVersions = "1", "1"
    dataset.InstitutionName, dataset.StationName = "GOLDEN", "GOLDEN1"
    return dataset


def with_file_meta(dataset: Dataset) -> Dataset:
    """The data set, ready to be written as explicit VR little endian."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.ImplementationClassUID = uid("sightline", "golden")
    return dataset
