import { firstItemOf, integerOf, parseDataSet, type DataSet } from '../data-set.ts';
import { readFileMeta } from '../file-meta.ts';
import type { Inflate } from '../header.ts';
import { attributes, type Keyword } from '../tag.ts';
import { deflatedExplicitVrLittleEndian, elementEncoding } from '../transfer-syntax.ts';
import { decimalsOf, numberOf, pointOf, textOf } from './attribute-values.ts';
import type { Distinction, FrameDescription } from './frame-description.ts';
import { orientationOf } from './plane.ts';

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
    describe(new FrameAttributes(dataSet, i, count), { sopInstanceUid, frameNumber: i + 1, rows, columns }),
  );
  return { kind: 'frames', frames };
}

/** The attributes of one frame: a functional group of its own, else the shared one, else the object's own attribute. */
class FrameAttributes {
  readonly object: DataSet;
  readonly #groups: DataSet[];
  readonly #standsAlone: boolean;

  constructor(object: DataSet, index: number, count: number) {
    const perFrame = object.elements.get(attributes.PerFrameFunctionalGroupsSequence.tag)?.items?.[index];
    const shared = firstItemOf(object, 'SharedFunctionalGroupsSequence');
    this.object = object;
    this.#groups = [perFrame, shared].filter((group) => group !== undefined);
    this.#standsAlone = count === 1;
  }

  /** Whose attributes to read: those of the functional group, or the object's where there is but one frame. */
  of(group: Keyword): DataSet {
    for (const groups of this.#groups) {
      const found = firstItemOf(groups, group);
      if (found !== undefined) return found;
    }
    return this.#standsAlone ? this.object : nothing;
  }
}

const nothing: DataSet = { elements: new Map(), littleEndian: true };

type Place = Pick<FrameDescription, 'sopInstanceUid' | 'frameNumber' | 'rows' | 'columns'>;

function describe(frame: FrameAttributes, place: Place): FrameDescription {
  const position = pointOf(decimalsOf(frame.of('PlanePositionSequence'), 'ImagePositionPatient'));
  const orientation = orientationOf(decimalsOf(frame.of('PlaneOrientationSequence'), 'ImageOrientationPatient'));
  const [row, column] = decimalsOf(frame.of('PixelMeasuresSequence'), 'PixelSpacing') ?? [];
  const thickness = numberOf(frame.of('PixelMeasuresSequence'), 'SliceThickness');
  const values = frame.of('PixelValueTransformationSequence');
  const instanceNumber = numberOf(frame.object, 'InstanceNumber');
  return {
    ...place,
    modality: textOf(frame.object, 'Modality') ?? 'OT',
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

function imageTypeOf(frame: FrameAttributes): string[] {
  const ofFrame = (['CTImageFrameTypeSequence', 'MRImageFrameTypeSequence'] as const)
    .map((group) => textOf(frame.of(group), 'FrameType'))
    .find((text) => text !== undefined);
  const text = ofFrame ?? textOf(frame.object, 'ImageType') ?? '';
  return text.split('\\').map((value) => value.trim());
}

function distinctionsOf(frame: FrameAttributes, { rows, columns }: Place): FrameDescription['distinctions'] {
  const content = frame.of('FrameContentSequence');
  const echo = frame.of('MREchoSequence');
  const trigger = frame.of('CardiacSynchronizationSequence');
  const found: Partial<Record<Distinction, string | number | undefined>> = {
    SeriesInstanceUID: textOf(frame.object, 'SeriesInstanceUID'),
    FrameOfReferenceUID: textOf(frame.object, 'FrameOfReferenceUID'),
    Rows: rows,
    Columns: columns,
    ImageType: imageTypeOf(frame).join('\\'),
    EchoTime: numberOf(echo, 'EffectiveEchoTime') ?? numberOf(echo, 'EchoTime'),
    TemporalPositionIdentifier:
      numberOf(content, 'TemporalPositionIndex') ?? numberOf(content, 'TemporalPositionIdentifier'),
    DiffusionBValue: numberOf(frame.of('MRDiffusionSequence'), 'DiffusionBValue'),
    ConvolutionKernel: textOf(frame.of('CTReconstructionSequence'), 'ConvolutionKernel'),
    StackID: textOf(content, 'StackID'),
    AcquisitionNumber: numberOf(content, 'FrameAcquisitionNumber') ?? numberOf(content, 'AcquisitionNumber'),
    TriggerTime: numberOf(trigger, 'NominalCardiacTriggerDelayTime') ?? numberOf(trigger, 'TriggerTime'),
  };
  const said = Object.entries(found).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return Object.fromEntries(said) as FrameDescription['distinctions'];
}
