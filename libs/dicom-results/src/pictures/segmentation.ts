import type { WritableDataset } from '@sightline/dicom';
import { codes, concept, type Finding, type ModelOfResult } from '@sightline/findings';
import { codeItem, type CodingSchemes } from '../coding-schemes.ts';
import { dicomObject, type DicomObject } from '../dicom-object.ts';
import { limitedText } from '../limited-text.ts';
import { multiFrameModules } from './multi-frame-modules.ts';
import { packBits } from './pack-bits.ts';
import type { Region } from './picture-of-result.ts';
import { contentIdentification, pictureModules, type PictureContext } from './picture-modules.ts';
import { whatIsDrawn, type PicturedFinding } from './pictures-of-finding.ts';

/** Segmentation Storage (PS3.3 A.51). */
export const segmentationClass = '1.2.840.10008.5.1.4.1.1.66.4';

const { dicom, snomed } = codes;

/** Regions of one finding, all in one encoding, as its one segment: a frame for each image. */
export function segmentation(context: PictureContext, { finding, pictures }: PicturedFinding<Region>): DicomObject {
  const { schemes, set, uidOf } = context;
  const drawn = whatIsDrawn({ finding, pictures });
  const encoding = pictures[0]?.picture.encoding ?? 'binary';
  const identity = {
    sopClassUid: segmentationClass,
    sopInstanceUid: uidOf('SEG', encoding, ...drawn),
    seriesInstanceUid: uidOf('series', 'SEG'),
  };
  const organizationUid = uidOf('SEG dimensions', encoding, ...drawn);
  const dataset = {
    ...pictureModules(context, finding, 'segmentation'),
    ...multiFrameModules(
      pictures,
      { organizationUid, schemes },
      {
        derivation: dicom.segmentation,
        shared: {},
        perFrame: { SegmentIdentificationSequence: [{ ReferencedSegmentNumber: 1 }] },
        segmented: true,
      },
    ),
    ...contentIdentification(finding, 'SEGMENTATION'),
    Modality: 'SEG',
    SeriesNumber: '9003',
    ImageType: 'DERIVED\\PRIMARY',
    SegmentSequence: [segment(finding, set.model, schemes)],
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    PixelRepresentation: 0,
    ...pixels(
      encoding,
      pictures.map(({ picture }) => picture.values),
    ),
  };
  return dicomObject(identity, dataset, schemes);
}

/** Type of the segmentation and its pixels (PS3.3 C.8.20.2): one bit, or a probability of 0 to 255. */
function pixels(encoding: Region['encoding'], frames: readonly Uint8Array[]): WritableDataset {
  if (encoding === 'binary') {
    const one = { BitsAllocated: 1, BitsStored: 1, HighBit: 0 };
    return { SegmentationType: 'BINARY', ...one, PixelData: packBits(frames) };
  }
  return {
    SegmentationType: 'FRACTIONAL',
    SegmentationFractionalType: 'PROBABILITY',
    MaximumFractionalValue: 255,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelData: Buffer.concat(frames),
  };
}

function segment(finding: Finding, { name, version }: ModelOfResult, schemes: CodingSchemes): WritableDataset {
  return {
    SegmentNumber: 1,
    SegmentLabel: limitedText('LO', finding.concept.display),
    SegmentAlgorithmType: 'AUTOMATIC',
    SegmentAlgorithmName: limitedText('LO', name),
    SegmentationAlgorithmIdentificationSequence: [
      {
        AlgorithmFamilyCodeSequence: [codeItem(concept(dicom.artificialIntelligence), schemes)],
        AlgorithmName: limitedText('LO', name),
        AlgorithmVersion: limitedText('LO', version),
      },
    ],
    SegmentedPropertyCategoryCodeSequence: [codeItem(concept(snomed.morphologicallyAbnormalStructure), schemes)],
    SegmentedPropertyTypeCodeSequence: [codeItem(finding.concept, schemes)],
    TrackingID: finding.trackingIdentifier,
    TrackingUID: finding.trackingUid,
  };
}
