"""Prints, as JSON, what pydicom and highdicom find in each DICOM object of a folder, by file name."""

import hashlib
import json
import sys
from pathlib import Path

import highdicom
import numpy
import pydicom
from highdicom.sr.enum import ValueTypeValues
from highdicom.sr.utils import find_content_items
from pydicom.sr.codedict import codes


def digest(frames: numpy.ndarray) -> list[str]:
    return [hashlib.sha256(frame.tobytes()).hexdigest() for frame in frames]


def code(concept) -> list[str]:
    return [concept.scheme_designator, concept.value, concept.meaning]


def named(group, name, **wanted):
    return find_content_items(group[0], name=name, **wanted)


def measurement_group(group) -> dict:
    evaluations = [one for one in group.get_qualitative_evaluations() if one.name == codes.DCM.PresenceOfProperty]
    sides = [side for site in group.finding_sites for side in [site.laterality] if side is not None]
    algorithm = [named(group, codes.DCM.AlgorithmName), named(group, codes.DCM.AlgorithmVersion)]
    sources = named(group, codes.DCM.SourceOfMeasurement, value_type=ValueTypeValues.IMAGE)
    explained = named(group, codes.DCM.VisualExplanation, value_type=ValueTypeValues.IMAGE)
    return {
        "trackingIdentifier": group.tracking_identifier,
        "trackingUid": str(group.tracking_uid),
        "finding": code(group.finding_type),
        "sites": [code(site.value) for site in group.finding_sites],
        "sides": [side.meaning for side in sides],
        "measurements": [[code(one.name), one.value, one.unit.value] for one in group.get_measurements()],
        "presence": [code(one.value) for one in evaluations],
        "sentence": [item.value for item in named(group, codes.DCM.Comment)],
        "algorithm": [item.value for items in algorithm for item in items],
        "observers": [str(item.value) for item in named(group, codes.DCM.PersonObserverName)],
        "sources": [[item.referenced_sop_instance_uid, item.referenced_frame_numbers or []] for item in sources],
        "explanations": [item.referenced_sop_instance_uid for item in explained],
        "template": group[0].template_id,
    }


def region(group) -> list[str]:
    """The segmentation that a group with a region points at."""
    names = [codes.DCM.ReferencedSegmentationFrame, codes.DCM.ReferencedSegment]
    return [item.referenced_sop_instance_uid for name in names for item in named(group, name)]


def report(path: Path) -> dict:
    document = highdicom.sr.srread(path)
    content = document.content
    with_region = [*content.get_planar_roi_measurement_groups(), *content.get_volumetric_roi_measurement_groups()]
    groups = [*content.get_image_measurement_groups(), *with_region]
    return {
        "verification": document.VerificationFlag,
        "preliminary": document.PreliminaryFlag,
        "predecessors": [
            instance.ReferencedSOPInstanceUID
            for study in document.get("PredecessorDocumentsSequence", [])
            for series in study.ReferencedSeriesSequence
            for instance in series.ReferencedSOPSequence
        ],
        "verifiers": [str(one.VerifyingObserverName) for one in document.get("VerifyingObserverSequence", [])],
        "groups": [measurement_group(group) for group in groups],
        "regions": {str(group.tracking_uid): region(group) for group in with_region},
    }


def segmentation(path: Path) -> dict:
    read = highdicom.seg.segread(path)
    description = read.get_segment_description(1)
    algorithm = description.algorithm_identification
    groups = read.PerFrameFunctionalGroupsSequence
    sources = [group.DerivationImageSequence[0].SourceImageSequence[0] for group in groups]
    if "ReferencedFrameNumber" in sources[0]:
        frames = [int(source.ReferencedFrameNumber) for source in sources]
        instance = sources[0].ReferencedSOPInstanceUID
        pixels = read.get_pixels_by_source_frame(instance, frames, rescale_fractional=False)
    else:
        instances = [source.ReferencedSOPInstanceUID for source in sources]
        pixels = read.get_pixels_by_source_instance(instances, rescale_fractional=False)
    return {
        "type": read.segmentation_type.value,
        "label": description.segment_label,
        "property": code(description.segmented_property_type),
        "tracking": [description.tracking_id, str(description.tracking_uid)],
        "algorithm": [algorithm.name, algorithm.version],
        "frames": digest(pixels[..., 0].astype(numpy.uint8)),
        "placed": "FrameOfReferenceUID" in read,
    }


def parametric_map(path: Path) -> dict:
    read = highdicom.pm.ParametricMap.from_dataset(pydicom.dcmread(path))
    return {"frames": digest(read.get_frames(dtype=numpy.float64).astype(numpy.float32))}


def capture(path: Path) -> dict:
    pixels = pydicom.dcmread(path).pixel_array
    return {"frames": digest(pixels if pixels.ndim == 3 else pixels[None])}


def selection(path: Path) -> dict:
    content = highdicom.ko.KeyObjectSelectionDocument.from_dataset(pydicom.dcmread(path)).content
    title = content[0].ConceptNameCodeSequence[0]
    return {
        "title": [title.CodingSchemeDesignator, title.CodeValue, title.CodeMeaning],
        "references": [item.referenced_sop_instance_uid for item in content.get_references()],
    }


READERS = {
    "1.2.840.10008.5.1.4.1.1.88.34": report,
    "1.2.840.10008.5.1.4.1.1.88.59": selection,
    "1.2.840.10008.5.1.4.1.1.66.4": segmentation,
    "1.2.840.10008.5.1.4.1.1.30": parametric_map,
    "1.2.840.10008.5.1.4.1.1.7": capture,
    "1.2.840.10008.5.1.4.1.1.7.2": capture,
}


def found(path: Path) -> dict:
    header = pydicom.dcmread(path, stop_before_pixels=True)
    identity = {
        "sopInstanceUid": header.SOPInstanceUID,
        "study": header.StudyInstanceUID,
        "patient": str(header.PatientName),
    }
    return {**identity, **READERS[header.SOPClassUID](path)}


print(json.dumps({path.name: found(path) for path in sorted(Path(sys.argv[1]).glob("*.dcm"))}))
