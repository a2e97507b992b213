import type { Orientation } from './plane.ts';
import type { Vector } from './vector.ts';

/** Where a pixel comes from: `frameNumber` counts from 1, as ReferencedFrameNumber does (0008,1160). */
export interface FrameReference {
  sopInstanceUid: string;
  frameNumber: number;
}

/**
 * What can tell frames of one series apart so that they belong to volumes of their own, by the keyword of the attribute of
 * single-frame objects; enhanced ones say the same in their functional groups.
 */
export const distinctions = [
  'SeriesInstanceUID',
  'FrameOfReferenceUID',
  'ImageOrientationPatient',
  'Rows',
  'Columns',
  'PixelSpacing',
  'ImageType',
  'EchoTime',
  'TemporalPositionIdentifier',
  'DiffusionBValue',
  'ConvolutionKernel',
  'StackID',
  'AcquisitionNumber',
  'TriggerTime',
] as const;

export type Distinction = (typeof distinctions)[number];

/** One frame by its header alone, the same whether it is a single-frame object or one of many in an enhanced one. */
export interface FrameDescription extends FrameReference {
  modality: string;
  instanceNumber?: number;
  rows: number;
  columns: number;
  /** ImageType (0008,0008), or FrameType (0008,9007) of an enhanced object. */
  imageType: readonly string[];
  /** Centre of the first pixel, mm (0020,0032). */
  imagePositionPatient?: Vector;
  imageOrientationPatient?: Orientation;
  /** Distance of the centres of neighbouring rows and of neighbouring columns, mm (0028,0030). */
  pixelSpacing?: { row: number; column: number };
  /** How much tissue one slice averages, mm (0018,0050); not how far slices lie apart. */
  sliceThickness?: number;
  /** Modality value = stored value × slope + intercept: Hounsfield units for CT (PS3.3 C.11.1.1.2). */
  rescale: { slope: number; intercept: number };
  /** Values as text, equal where two frames do not differ. */
  distinctions: Readonly<Partial<Record<Distinction, string>>>;
}

/** A frame that says where in the patient it lies. */
export type PlacedFrame = FrameDescription &
  Required<Pick<FrameDescription, 'imagePositionPatient' | 'imageOrientationPatient' | 'pixelSpacing'>>;

export function referenceOf({ sopInstanceUid, frameNumber }: FrameReference): FrameReference {
  return { sopInstanceUid, frameNumber };
}

/** The order of reading, for frames that geometry cannot tell apart: whatever order they came in, it is one and the same. */
export function byNumber(a: FrameDescription, b: FrameDescription): number {
  const numbers = (a.instanceNumber ?? Infinity) - (b.instanceNumber ?? Infinity);
  if (numbers !== 0 && !Number.isNaN(numbers)) return numbers;
  if (a.sopInstanceUid !== b.sopInstanceUid) return a.sopInstanceUid < b.sopInstanceUid ? -1 : 1;
  return a.frameNumber - b.frameNumber;
}
