import { attributes, textOf, type Uid, type WritableDataset } from '@sightline/dicom';
import { codes, concept, type CheckedCode } from '@sightline/findings';
import { codeItem, type CodingSchemes } from '../coding-schemes.ts';
import { frameGeometry, geometryOf, sharedGeometry, type FrameGeometry } from './frame-geometry.ts';
import type { PlacedPicture } from './place-picture.ts';

/** What one kind of object adds to the functional groups. */
export interface OwnGroups {
  derivation: CheckedCode;
  shared: WritableDataset;
  perFrame: WritableDataset;
  /** The object has segments, and they are its first dimension. */
  segmented: boolean;
}

/**
 * Functional groups, dimensions and references of an object whose frames are pictures of images, all with one geometry (PS3.3 C.7.6.16, C.7.6.17, C.12.2).
 * Images without a place in the patient give neither frame of reference nor plane: the frames lie on the images they name, pixel on
 * pixel.
 */
export function multiFrameModules(
  pictures: readonly PlacedPicture[],
  { organizationUid, schemes }: { organizationUid: Uid; schemes: CodingSchemes },
  own: OwnGroups,
): WritableDataset {
  const [first] = pictures;
  const geometry: FrameGeometry = first === undefined ? { kind: 'image' } : geometryOf(first);
  const placed = geometry.kind === 'patient';
  return {
    ...(placed && {
      FrameOfReferenceUID: geometry.frameOfReferenceUid,
      PositionReferenceIndicator: '',
    }),
    ...(!placed && { PatientOrientation: first?.instance.header.patientOrientation.join('\\') ?? '' }),
    Rows: first?.picture.height ?? 0,
    Columns: first?.picture.width ?? 0,
    NumberOfFrames: String(pictures.length),
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: organizationUid }],
    DimensionIndexSequence: dimensions(organizationUid, { placed, segmented: own.segmented }),
    SharedFunctionalGroupsSequence: [{ ...sharedGeometry(geometry), ...own.shared }],
    PerFrameFunctionalGroupsSequence: pictures.map((picture, index) => ({
      FrameContentSequence: [frameContent(index + 1, { placed, segmented: own.segmented })],
      ...frameGeometry(geometry, picture),
      DerivationImageSequence: [derivation(picture, own.derivation, schemes)],
      ...own.perFrame,
    })),
    ReferencedSeriesSequence: referencedSeries(pictures),
    ...lossyCompression(pictures),
  };
}

type Dimensions = { placed: boolean; segmented: boolean };

/** Segment, where there are any, and then place: the position in the patient, or the place in a stack of images without one. */
function dimensions(organizationUid: Uid, { placed, segmented }: Dimensions): WritableDataset[] {
  const segment = {
    DimensionOrganizationUID: organizationUid,
    DimensionIndexPointer: attributes.ReferencedSegmentNumber.tag,
    FunctionalGroupPointer: attributes.SegmentIdentificationSequence.tag,
    DimensionDescriptionLabel: 'Segment Number',
  };
  const pointer = placed ? attributes.ImagePositionPatient : attributes.InStackPositionNumber;
  const group = placed ? attributes.PlanePositionSequence : attributes.FrameContentSequence;
  const place = {
    DimensionOrganizationUID: organizationUid,
    DimensionIndexPointer: pointer.tag,
    FunctionalGroupPointer: group.tag,
    DimensionDescriptionLabel: placed ? 'Image Position Patient' : 'In-Stack Position Number',
  };
  return segmented ? [segment, place] : [place];
}

function frameContent(number: number, { placed, segmented }: Dimensions): WritableDataset {
  return {
    DimensionIndexValues: segmented ? [1, number] : [number],
    ...(!placed && { StackID: '1', InStackPositionNumber: number }),
  };
}

function derivation({ picture, instance }: PlacedPicture, code: CheckedCode, schemes: CodingSchemes): WritableDataset {
  const { dicom } = codes;
  const purpose = code === dicom.segmentation ? dicom.sourceImageForSegmentation : dicom.sourceImageForProcessing;
  return {
    DerivationCodeSequence: [codeItem(concept(code), schemes)],
    SourceImageSequence: [
      {
        ...instanceItem(instance.header),
        ...(instance.frames.length > 1 && { ReferencedFrameNumber: String(picture.source.frame ?? 1) }),
        SpatialLocationsPreserved: 'YES',
        PurposeOfReferenceCodeSequence: [codeItem(concept(purpose), schemes)],
      },
    ],
  };
}

function instanceItem({ sopClassUid, sopInstanceUid }: { sopClassUid: Uid; sopInstanceUid: Uid }): WritableDataset {
  return { ReferencedSOPClassUID: sopClassUid, ReferencedSOPInstanceUID: sopInstanceUid };
}

function referencedSeries(pictures: readonly PlacedPicture[]): WritableDataset[] {
  const instances = new Map(pictures.map(({ instance: { header } }) => [header.sopInstanceUid, header]));
  const bySeries = Map.groupBy(instances.values(), ({ seriesInstanceUid }) => seriesInstanceUid);
  return [...bySeries].map(([seriesInstanceUid, headers]) => ({
    SeriesInstanceUID: seriesInstanceUid,
    ReferencedInstanceSequence: headers.map(instanceItem),
  }));
}

/** What was compressed with loss once is so for ever, and so is what was made of it (PS3.3 C.7.6.1.1.5). */
function lossyCompression(pictures: readonly PlacedPicture[]): WritableDataset {
  const lossy = pictures.find(({ instance }) => textOf(instance.dataset, 'LossyImageCompression') === '01');
  if (lossy === undefined) return { LossyImageCompression: '00' };
  const { dataset } = lossy.instance;
  return {
    LossyImageCompression: '01',
    LossyImageCompressionRatio: textOf(dataset, 'LossyImageCompressionRatio') ?? '1',
    ...(textOf(dataset, 'LossyImageCompressionMethod') !== undefined && {
      LossyImageCompressionMethod: textOf(dataset, 'LossyImageCompressionMethod') ?? '',
    }),
  };
}
