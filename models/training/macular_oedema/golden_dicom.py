"""A drawn B-scan as a DICOM object: Ophthalmic Tomography Image Storage of one frame (PS3.3 A.52.4.3).

Nothing in it is of a person, neither pixels nor header.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import OphthalmicTomographyImageStorage

from kit import golden_dicom as kit
from kit.golden_dicom import STUDY_DATE, Patient, code, invented, uid, with_file_meta

INVENTED = [
    *kit.INVENTED,
    "AcquisitionDateTime",
    "DetectorType",
    "PixelSpacing",
    "SliceThickness",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelData",
]
SPACING = 0.01  # millimetres


def _device(dataset: Dataset) -> None:
    dataset.AcquisitionDeviceTypeCodeSequence = code("392012008", "Optical Coherence Tomography Scanner")
    dataset.DetectorType = "CCD"
    dataset.RefractiveStateSequence = dataset.LightPathFilterTypeStackCodeSequence = Sequence([])
    dataset.HorizontalFieldOfView = dataset.AxialLengthOfTheEye = dataset.PupilDilated = None
    dataset.EmmetropicMagnification = dataset.IntraOcularPressure = None
    dataset.AcquisitionDateTime = f"{STUDY_DATE}{dataset.AcquisitionTime}"
    dataset.AcquisitionDuration, dataset.AcquisitionNumber = 0.0, 1
    dataset.AcquisitionContextSequence = Sequence([])
    dataset.SynchronizationFrameOfReferenceUID = uid(dataset.PatientID, "clock")
    dataset.SynchronizationTrigger, dataset.AcquisitionTimeSynchronized = "NO TRIGGER", "N"


def _region(dataset: Dataset, laterality: str | None) -> None:
    """Ocular Region Imaged (PS3.3 C.8.17.5); `laterality` R or L, None where the object does not say."""
    dataset.Modality = "OPT"
    dataset.AnatomicRegionSequence = code("5665001", "Retina")
    if laterality is not None:
        dataset.ImageLaterality = laterality


def _frames(dataset: Dataset) -> None:
    """Functional groups and dimensions of the one frame."""
    frame, content, anatomy = Dataset(), Dataset(), Dataset()
    measures, position, orientation = Dataset(), Dataset(), Dataset()
    content.FrameAcquisitionNumber, content.StackID, content.InStackPositionNumber = 1, "1", 1
    content.DimensionIndexValues = [1]
    content.FrameAcquisitionDateTime = content.FrameReferenceDateTime = dataset.AcquisitionDateTime
    content.FrameAcquisitionDuration = 0.0
    frame.FrameContentSequence = Sequence([content])
    anatomy.FrameLaterality = dataset.get("ImageLaterality", "U")
    anatomy.AnatomicRegionSequence = code("5665001", "Retina")
    shared = Dataset()
    shared.FrameAnatomySequence = Sequence([anatomy])
    measures.PixelSpacing, measures.SliceThickness = [SPACING, SPACING], SPACING
    position.ImagePositionPatient, orientation.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 0, -1]
    shared.PixelMeasuresSequence, shared.PlanePositionSequence = Sequence([measures]), Sequence([position])
    shared.PlaneOrientationSequence = Sequence([orientation])
    dataset.InConcatenationNumber = dataset.InConcatenationTotalNumber = 1
    dataset.ConcatenationFrameOffsetNumber = 0
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    dataset.PerFrameFunctionalGroupsSequence = Sequence([frame])
    organisation, index = Dataset(), Dataset()
    organisation.DimensionOrganizationUID = uid(dataset.PatientID, "dimensions")
    index.DimensionOrganizationUID = organisation.DimensionOrganizationUID
    index.DimensionIndexPointer, index.FunctionalGroupPointer = 0x00209057, 0x00209111
    dataset.DimensionOrganizationSequence = Sequence([organisation])
    dataset.DimensionIndexSequence = Sequence([index])


def _pixels(dataset: Dataset, image: NDArray[np.uint8]) -> None:
    dataset.Rows, dataset.Columns = image.shape
    dataset.NumberOfFrames = 1
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 8, 8, 7, 0
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.DerivationDescription = "Drawn by a program"
    dataset.BurnedInAnnotation, dataset.RecognizableVisualFeatures = "NO", "NO"
    dataset.LossyImageCompression, dataset.PresentationLUTShape = "00", "IDENTITY"
    dataset.PixelData = image.tobytes()


def golden_dicom(image: NDArray[np.uint8], patient: Patient, order: int, laterality: str | None) -> Dataset:
    """[H,W] uint8 (0 = black) -> a data set with file meta information, ready to be written. One study each."""
    dataset = invented(OphthalmicTomographyImageStorage, patient, order, "OCT macula", "Drawn B-scan")
    _region(dataset, laterality)
    _device(dataset)
    _pixels(dataset, image)
    _frames(dataset)
    return with_file_meta(dataset)
