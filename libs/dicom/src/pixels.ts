import { decodeText } from './character-set.ts';
import { firstItemOf, integerOf, parseDataSet, valueOf, type DataSet } from './data-set.ts';
import { readFileMeta } from './file-meta.ts';
import { attributes, type Keyword } from './tag.ts';
import {
  elementEncoding,
  explicitVrLittleEndian,
  implicitVrLittleEndian,
  transferSyntaxName,
} from './transfer-syntax.ts';

/**
 * One frame as a display shows it: `values` row by row, grey 0 (black) to 255 (white) in the sense of MONOCHROME2, after the
 * modality rescale and the VOI window; without a window, stretched from the smallest to the largest value.
 */
export interface MonochromePixels {
  kind: 'pixels';
  width: number;
  height: number;
  values: Float32Array;
  /** How grey was made of the stored values. */
  display: 'window' | 'lut' | 'full-range';
  /** Row and column distance in mm: Pixel Spacing, else Imager Pixel Spacing. */
  spacingMm?: { row: number; column: number };
}

export type DecodedPixels = MonochromePixels | { kind: 'unsupported'; reason: string };

interface Frame {
  width: number;
  height: number;
  bitsAllocated: number;
  bitsStored: number;
  highBit: number;
  signed: boolean;
  inverted: boolean;
}

/** Larger than any radiograph: 67 million pixels, 268 MB as floats. */
const mostPixels = 1 << 26;

function unsupported(reason: string): { kind: 'unsupported'; reason: string } {
  return { kind: 'unsupported', reason };
}

function textOf(dataSet: DataSet, keyword: Keyword): string | undefined {
  const value = valueOf(dataSet, keyword);
  return value === undefined ? undefined : decodeText(value.subarray(0, 256), '') || undefined;
}

function decimalsOf(dataSet: DataSet, keyword: Keyword): number[] {
  const numbers = (textOf(dataSet, keyword) ?? '').split('\\').filter(Boolean).map(Number);
  return numbers.every(Number.isFinite) ? numbers : [];
}

function frameOf(dataSet: DataSet): ({ kind: 'frame' } & Frame) | { kind: 'unsupported'; reason: string } {
  const photometric = textOf(dataSet, 'PhotometricInterpretation') ?? 'missing';
  if (photometric !== 'MONOCHROME1' && photometric !== 'MONOCHROME2')
    return unsupported(`photometric interpretation ${photometric}`);
  const samples = integerOf(dataSet, 'SamplesPerPixel') ?? 1;
  if (samples !== 1) return unsupported(`${samples} samples per pixel`);
  const frames = Number(textOf(dataSet, 'NumberOfFrames') ?? 1);
  if (frames !== 1) return unsupported(Number.isNaN(frames) ? 'number of frames is no number' : `${frames} frames`);
  const width = integerOf(dataSet, 'Columns') ?? 0;
  const height = integerOf(dataSet, 'Rows') ?? 0;
  if (width === 0 || height === 0) return unsupported('no rows or columns');
  if (width * height > mostPixels) return unsupported(`${width} × ${height} pixels are more than ${mostPixels}`);
  const bitsAllocated = integerOf(dataSet, 'BitsAllocated') ?? 0;
  const bitsStored = integerOf(dataSet, 'BitsStored') ?? bitsAllocated;
  const highBit = integerOf(dataSet, 'HighBit') ?? bitsStored - 1;
  if (bitsAllocated !== 8 && bitsAllocated !== 16) return unsupported(`${bitsAllocated} bits allocated`);
  if (bitsStored < 1 || bitsStored > bitsAllocated || highBit < bitsStored - 1 || highBit >= bitsAllocated) {
    return unsupported(`${bitsStored} bits stored up to bit ${highBit} of ${bitsAllocated}`);
  }
  // An inverse Presentation LUT turns P-values round once more (PS3.3 C.11.6.1.2).
  const inverse = textOf(dataSet, 'PresentationLUTShape') === 'INVERSE' && photometric === 'MONOCHROME2';
  const inverted = photometric === 'MONOCHROME1' || inverse;
  const signed = integerOf(dataSet, 'PixelRepresentation') === 1;
  return { kind: 'frame', width, height, bitsAllocated, bitsStored, highBit, signed, inverted };
}

/** Stored values, unused bits dropped and sign extended (PS3.5 8.1.1). */
function storedValues(bytes: Uint8Array, frame: Frame): Float32Array {
  const count = frame.width * frame.height;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shift = frame.highBit + 1 - frame.bitsStored;
  const unused = 32 - frame.bitsStored;
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const raw = (frame.bitsAllocated === 8 ? view.getUint8(i) : view.getUint16(i * 2, true)) >>> shift;
    values[i] = frame.signed ? (raw << unused) >> unused : (raw << unused) >>> unused;
  }
  return values;
}

/** A lookup table (PS3.3 C.11.1.1, C.11.2.1.1): entries, first input value mapped, and the largest value an entry may hold. */
interface Lut {
  first: number;
  entries: number[];
  top: number;
}

function lutOf(item: DataSet, signed: boolean): Lut | undefined {
  const descriptor = item.elements.get(0x00283002)?.value;
  const data = item.elements.get(0x00283006)?.value;
  if (descriptor === undefined || descriptor.length < 6 || data === undefined) return undefined;
  const head = new DataView(descriptor.buffer, descriptor.byteOffset, descriptor.byteLength);
  const count = head.getUint16(0, true) || 65_536;
  const bits = head.getUint16(4, true);
  if (bits < 1 || bits > 16) return undefined;
  const wide = data.length >= count * 2;
  if (!wide && data.length < count) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const entries = Array.from({ length: count }, (_, i) => (wide ? view.getUint16(i * 2, true) : view.getUint8(i)));
  return { first: signed ? head.getInt16(2, true) : head.getUint16(2, true), entries, top: 2 ** bits - 1 };
}

function lookUp(lut: Lut, value: number): number {
  const at = Math.min(lut.entries.length - 1, Math.max(0, Math.round(value) - lut.first));
  return lut.entries[at] ?? 0;
}

type Grey = { map: (value: number) => number; display: MonochromePixels['display'] };

/** PS3.3 C.11.2.1.2 (linear) and C.11.2.1.3 (sigmoid, linear exact), output 0–255. */
function windowOf(dataSet: DataSet): Grey | undefined {
  const center = decimalsOf(dataSet, 'WindowCenter')[0];
  const width = decimalsOf(dataSet, 'WindowWidth')[0];
  if (center === undefined || width === undefined) return undefined;
  const form = textOf(dataSet, 'VOILUTFunction') ?? 'LINEAR';
  if (form === 'SIGMOID' && width > 0) {
    return { map: (x) => 255 / (1 + Math.exp((-4 * (x - center)) / width)), display: 'window' };
  }
  if (form === 'LINEAR_EXACT' && width > 0) {
    return { map: (x) => 255 * Math.min(1, Math.max(0, (x - center) / width + 0.5)), display: 'window' };
  }
  if (width < 1) return undefined;
  if (width === 1) return { map: (x) => (x <= center - 0.5 ? 0 : 255), display: 'window' };
  return {
    map: (x) => 255 * Math.min(1, Math.max(0, (x - (center - 0.5)) / (width - 1) + 0.5)),
    display: 'window',
  };
}

function fullRange(values: Float32Array, padding: (i: number) => boolean): Grey {
  let low = Infinity;
  let high = -Infinity;
  values.forEach((value, i) => {
    if (padding(i)) return;
    low = Math.min(low, value);
    high = Math.max(high, value);
  });
  const span = high > low ? high - low : 1;
  return { map: (value) => (255 * (value - low)) / span, display: 'full-range' };
}

/** Which stored values stand for no picture (0028,0120), (0028,0121). */
function paddingOf(dataSet: DataSet, stored: Float32Array, signed: boolean): (i: number) => boolean {
  const value = integerOf(dataSet, 'PixelPaddingValue', signed);
  if (value === undefined) return () => false;
  const limit = integerOf(dataSet, 'PixelPaddingRangeLimit', signed) ?? value;
  const low = Math.min(value, limit);
  const high = Math.max(value, limit);
  return (i) => {
    const at = stored[i] ?? 0;
    return at >= low && at <= high;
  };
}

function toModality(dataSet: DataSet, stored: Float32Array, signed: boolean): Float32Array | string {
  const modalityLut = firstItemOf(dataSet, 'ModalityLUTSequence');
  if (modalityLut !== undefined) {
    const lut = lutOf(modalityLut, signed);
    return lut === undefined ? 'the modality LUT is malformed' : stored.map((value) => lookUp(lut, value));
  }
  const slope = decimalsOf(dataSet, 'RescaleSlope')[0] ?? 1;
  const intercept = decimalsOf(dataSet, 'RescaleIntercept')[0] ?? 0;
  return stored.map((value) => value * slope + intercept);
}

function greyOf(dataSet: DataSet, values: Float32Array, signed: boolean, padding: (i: number) => boolean): Grey {
  const window = windowOf(dataSet);
  if (window !== undefined) return window;
  const voi = firstItemOf(dataSet, 'VOILUTSequence');
  const lut = voi && lutOf(voi, signed);
  if (lut === undefined) return fullRange(values, padding);
  return { map: (value) => (255 * lookUp(lut, value)) / lut.top, display: 'lut' };
}

function spacingOf(dataSet: DataSet): MonochromePixels['spacingMm'] {
  for (const keyword of ['PixelSpacing', 'ImagerPixelSpacing'] as const) {
    const [row, column] = decimalsOf(dataSet, keyword);
    if (row !== undefined && column !== undefined && row > 0 && column > 0) return { row, column };
  }
  return undefined;
}

function displayed(dataSet: DataSet, bytes: Uint8Array, frame: Frame): DecodedPixels {
  const stored = storedValues(bytes, frame);
  const padding = paddingOf(dataSet, stored, frame.signed);
  const values = toModality(dataSet, stored, frame.signed);
  if (typeof values === 'string') return unsupported(values);
  const grey = greyOf(dataSet, values, frame.signed, padding);
  values.forEach((value, i) => {
    const shown = grey.map(value);
    values[i] = padding(i) ? 0 : frame.inverted ? 255 - shown : shown;
  });
  const spacingMm = spacingOf(dataSet);
  const { width, height } = frame;
  return { kind: 'pixels', width, height, values, display: grey.display, ...(spacingMm && { spacingMm }) };
}

/**
 * The display values of a native (uncompressed, little endian) single-frame monochrome image in a Part 10 file; everything else is
 * `unsupported` with a reason that can stand in a report. Never throws on malformed input.
 */
export function decodeMonochromePixels(part10: Uint8Array): DecodedPixels {
  const read = readFileMeta(part10);
  if (read.kind === 'invalid') return unsupported(read.reason);
  const { transferSyntaxUid, dataSetOffset } = read.meta;
  if (transferSyntaxUid !== implicitVrLittleEndian && transferSyntaxUid !== explicitVrLittleEndian) {
    return unsupported(`transfer syntax ${transferSyntaxName(transferSyntaxUid)}`);
  }
  const encoding = elementEncoding(transferSyntaxUid);
  const parsed = parseDataSet(part10, encoding, { offset: dataSetOffset, untilTag: attributes.PixelData.tag + 1 });
  if (parsed.kind === 'invalid') return unsupported(parsed.reason);
  const frame = frameOf(parsed.dataSet);
  if (frame.kind === 'unsupported') return frame;
  const bytes = valueOf(parsed.dataSet, 'PixelData');
  if (bytes === undefined) return unsupported('no pixel data');
  if (bytes.length < (frame.width * frame.height * frame.bitsAllocated) / 8)
    return unsupported('the pixel data is too short');
  return displayed(parsed.dataSet, bytes, frame);
}
