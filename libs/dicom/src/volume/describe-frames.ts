import { integerOf, parseDataSet, type DataSet } from '../data-set.ts';
import { readFileMeta } from '../file-meta.ts';
import type { Inflate } from '../header.ts';
import { decimalsOf, frameAttributes, groupOf, textOf, type FrameAttributes } from '../pixels/attribute-values.ts';
import { deflatedExplicitVrLittleEndian, elementEncoding } from '../transfer-syntax.ts';
import { numberOf, pointOf } from './numbers.ts';
import type { Distinction, FrameDescription } from './frame-description.ts';
import { orientationOf } from './plane.ts';
import type { Vector } from './vector.ts';

export type DescribedFrames = { kind: 'frames'; frames: FrameDescription[] } | { kind: 'invalid'; reason: string };

/** More frames than any object the mesh reads has: a number that only a broken header claims. */
const mostFrames = 100_000;

/** Everything up to the pixels, whichever of the three elements holds them (PS3.3 C.7.6.3, C.7.6.24). */
const pixels = 0x7fe00000;

/**
 * The frames of a Part 10 file, by its header: one of a single-frame object, each of an enhanced one, whose shared and per-frame
 * functional groups say what the attributes of a single-frame object say (PS3.3 C.7.6.16). The pixels are not looked at and may be
 * cut off. Never throws: malformed input gives a reason that holds no patient data.
 */
export function describeFrames(part10: Uint8Array, inflate?: Inflate): DescribedFrames {
  const read = readFileMeta(part10);
  if (read.kind === 'invalid') return read;
  const { transferSyntaxUid, dataSetOffset } = read.meta;
  const deflated = transferSyntaxUid === deflatedExplicitVrLittleEndian;
  const bytes = deflated ? inflate?.(part10.subarray(dataSetOffset)) : part10.subarray(dataSetOffset);
  if (bytes === undefined) return { kind: 'invalid', reason: 'the deflated data set is not read' };
  const parsed = parseDataSet(bytes, elementEncoding(transferSyntaxUid), { untilTag: pixels });
  return parsed.kind === 'invalid' ? parsed : framesOf(parsed.dataSet);
}

function framesOf(dataSet: DataSet): DescribedFrames {
  const sopInstanceUid = textOf(dataSet, 'SOPInstanceUID');
  if (sopInstanceUid === undefined) return { kind: 'invalid', reason: 'SOPInstanceUID is missing' };
  const rows = integerOf(dataSet, 'Rows') ?? 0;
  const columns = integerOf(dataSet, 'Columns') ?? 0;
  if (rows === 0 || columns === 0) return { kind: 'invalid', reason: 'no rows or columns' };
  const count = numberOf(dataSet, 'NumberOfFrames') ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > mostFrames)
    return { kind: 'invalid', reason: `${count} frames` };
  const frames = Array.from({ length: count }, (_, i) =>
    describe(frameAttributes(dataSet, i), { sopInstanceUid, frameNumber: i + 1, rows, columns }),
  );
  return { kind: 'frames', frames };
}

type Place = Pick<FrameDescription, 'sopInstanceUid' | 'frameNumber' | 'rows' | 'columns'>;

function describe(frame: FrameAttributes, place: Place): FrameDescription {
  const position = positionOf(frame);
  const orientation = orientationOf(decimalsOf(groupOf(frame, 'PlaneOrientationSequence'), 'ImageOrientationPatient'));
  const [row, column] = decimalsOf(groupOf(frame, 'PixelMeasuresSequence'), 'PixelSpacing');
  const thickness = numberOf(groupOf(frame, 'PixelMeasuresSequence'), 'SliceThickness');
  const values = groupOf(frame, 'PixelValueTransformationSequence');
  const instanceNumber = numberOf(frame.dataSet, 'InstanceNumber');
  return {
    ...place,
    modality: textOf(frame.dataSet, 'Modality') ?? 'OT',
    imageType: imageTypeOf(frame),
    rescale: { slope: numberOf(values, 'RescaleSlope') ?? 1, intercept: numberOf(values, 'RescaleIntercept') ?? 0 },
    distinctions: distinctionsOf(frame, place),
    ...(instanceNumber !== undefined && { instanceNumber }),
    ...(position && { imagePositionPatient: position }),
    ...(orientation && { imageOrientationPatient: orientation }),
    ...(row !== undefined && column !== undefined && row > 0 && column > 0 && { pixelSpacing: { row, column } }),
    ...(thickness !== undefined && thickness > 0 && { sliceThickness: thickness }),
  };
}

/** The position an object of many frames has for itself is that of its first one, and of no other. */
function positionOf(frame: FrameAttributes): Vector | undefined {
  const place = groupOf(frame, 'PlanePositionSequence');
  const ofFirst = place === frame.dataSet && (numberOf(frame.dataSet, 'NumberOfFrames') ?? 1) > 1;
  return ofFirst ? undefined : pointOf(decimalsOf(place, 'ImagePositionPatient'));
}

function imageTypeOf(frame: FrameAttributes): string[] {
  const ofFrame = (['CTImageFrameTypeSequence', 'MRImageFrameTypeSequence'] as const)
    .map((group) => textOf(groupOf(frame, group), 'FrameType'))
    .find((text) => text !== undefined);
  const text = ofFrame ?? textOf(frame.dataSet, 'ImageType') ?? '';
  return text.split('\\').map((value) => value.trim());
}

function distinctionsOf(frame: FrameAttributes, { rows, columns }: Place): FrameDescription['distinctions'] {
  const content = groupOf(frame, 'FrameContentSequence');
  const echo = groupOf(frame, 'MREchoSequence');
  const trigger = groupOf(frame, 'CardiacSynchronizationSequence');
  const found: Partial<Record<Distinction, string | number | undefined>> = {
    SeriesInstanceUID: textOf(frame.dataSet, 'SeriesInstanceUID'),
    FrameOfReferenceUID: textOf(frame.dataSet, 'FrameOfReferenceUID'),
    Rows: rows,
    Columns: columns,
    ImageType: imageTypeOf(frame).join('\\'),
    EchoTime: numberOf(echo, 'EffectiveEchoTime') ?? numberOf(echo, 'EchoTime'),
    TemporalPositionIdentifier:
      numberOf(content, 'TemporalPositionIndex') ?? numberOf(content, 'TemporalPositionIdentifier'),
    DiffusionBValue: numberOf(groupOf(frame, 'MRDiffusionSequence'), 'DiffusionBValue'),
    ConvolutionKernel: textOf(groupOf(frame, 'CTReconstructionSequence'), 'ConvolutionKernel'),
    StackID: textOf(content, 'StackID'),
    AcquisitionNumber: numberOf(content, 'FrameAcquisitionNumber') ?? numberOf(content, 'AcquisitionNumber'),
    TriggerTime: numberOf(trigger, 'NominalCardiacTriggerDelayTime') ?? numberOf(trigger, 'TriggerTime'),
  };
  const said = Object.entries(found).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return Object.fromEntries(said) as FrameDescription['distinctions'];
}
