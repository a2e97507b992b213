import { integerOf, type DataSet } from '../data-set.ts';
import { textOf } from './attribute-values.ts';
import { unsupported, type Unsupported } from './unsupported.ts';

/** Image Pixel Module (PS3.3 C.7.6.3) of one instance, checked to agree with itself. */
export interface PixelDescription {
  rows: number;
  columns: number;
  /** Number of Frames, 1 where the instance does not say. */
  frames: number;
  samplesPerPixel: 1 | 3;
  /** What one sample is: an integer of Bits Stored, or an IEEE 754 number (PS3.3 C.7.6.24, C.7.6.25). */
  form: 'integer' | 'float';
  bitsAllocated: 1 | 8 | 16 | 32 | 64;
  bitsStored: number;
  highBit: number;
  signed: boolean;
  photometric: Photometric;
  /** Planar Configuration 1: all of the first sample, then all of the second. */
  planar: boolean;
  transferSyntaxUid: string;
}

const photometrics = {
  MONOCHROME1: 1,
  MONOCHROME2: 1,
  'PALETTE COLOR': 1,
  RGB: 3,
  YBR_FULL: 3,
  YBR_FULL_422: 3,
  YBR_ICT: 3,
  YBR_RCT: 3,
} as const;

export type Photometric = keyof typeof photometrics;

/** Larger than any radiograph, smaller than what takes a process down: 67 million pixels, 256 MiB in one frame. */
const mostPixels = 1 << 26;
export const mostFrameBytes = 1 << 28;

type Size = Pick<PixelDescription, 'rows' | 'columns' | 'frames' | 'samplesPerPixel' | 'photometric'>;
type Sample = Pick<PixelDescription, 'form' | 'bitsAllocated' | 'bitsStored' | 'highBit' | 'signed'>;

/** `element` is the tag the pixels stand in: integers in (7FE0,0010), floats in (7FE0,0008) and (7FE0,0009). */
export function describePixels(
  dataSet: DataSet,
  transferSyntaxUid: string,
  element: 'integer' | 'float' | 'double',
): { kind: 'description'; description: PixelDescription } | Unsupported {
  const size = sizeOf(dataSet);
  if ('kind' in size) return size;
  const sample = element === 'integer' ? sampleOf(dataSet) : floatOf(dataSet, element);
  if ('kind' in sample) return sample;
  const planar = size.samplesPerPixel > 1 && integerOf(dataSet, 'PlanarConfiguration') === 1;
  const bytes = (size.rows * size.columns * size.samplesPerPixel * sample.bitsAllocated) / 8;
  if (bytes > mostFrameBytes) return unsupported(`a frame of ${bytes} bytes is more than ${mostFrameBytes}`);
  return { kind: 'description', description: { ...size, ...sample, planar, transferSyntaxUid } };
}

function sizeOf(dataSet: DataSet): Size | Unsupported {
  const photometric = textOf(dataSet, 'PhotometricInterpretation') ?? 'missing';
  // Only what can be a code string is repeated: a damaged file may have anything here.
  if (!isPhotometric(photometric))
    return unsupported(`photometric interpretation ${/^[\w ]{1,16}$/.test(photometric) ? photometric : 'malformed'}`);
  const samplesPerPixel = integerOf(dataSet, 'SamplesPerPixel') ?? 1;
  if (samplesPerPixel !== photometrics[photometric])
    return unsupported(`${samplesPerPixel} samples per pixel in ${photometric}`);
  const frames = Number(textOf(dataSet, 'NumberOfFrames') ?? 1);
  if (!Number.isSafeInteger(frames) || frames < 1) return unsupported('the number of frames is no number');
  const columns = integerOf(dataSet, 'Columns') ?? 0;
  const rows = integerOf(dataSet, 'Rows') ?? 0;
  if (columns === 0 || rows === 0) return unsupported('no rows or columns');
  if (columns * rows > mostPixels) return unsupported(`${columns} × ${rows} pixels are more than ${mostPixels}`);
  return { photometric, samplesPerPixel, frames, rows, columns };
}

function isPhotometric(text: string): text is Photometric {
  return Object.hasOwn(photometrics, text);
}

function sampleOf(dataSet: DataSet): Sample | Unsupported {
  const bitsAllocated = integerOf(dataSet, 'BitsAllocated') ?? 0;
  const bitsStored = integerOf(dataSet, 'BitsStored') ?? bitsAllocated;
  const highBit = integerOf(dataSet, 'HighBit') ?? bitsStored - 1;
  if (bitsAllocated !== 1 && bitsAllocated !== 8 && bitsAllocated !== 16 && bitsAllocated !== 32)
    return unsupported(`${bitsAllocated} bits allocated`);
  if (bitsStored < 1 || bitsStored > bitsAllocated || highBit < bitsStored - 1 || highBit >= bitsAllocated)
    return unsupported(`${bitsStored} bits stored up to bit ${highBit} of ${bitsAllocated}`);
  const signed = bitsAllocated > 1 && integerOf(dataSet, 'PixelRepresentation') === 1;
  return { form: 'integer', bitsAllocated, bitsStored, highBit, signed };
}

function floatOf(dataSet: DataSet, element: 'float' | 'double'): Sample | Unsupported {
  const bits = element === 'float' ? 32 : 64;
  if ((integerOf(dataSet, 'BitsAllocated') ?? bits) !== bits)
    return unsupported(`bits allocated disagree with ${element} float pixel data`);
  return { form: 'float', bitsAllocated: bits, bitsStored: bits, highBit: bits - 1, signed: true };
}
