import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { encodeFileMeta } from '../file-meta.ts';
import { attributes, type Keyword } from '../tag.ts';
import { encodeDataSet, encodePart10, type WritableDataset } from '../write-data-set.ts';
import { bytesSource } from './byte-source.ts';
import { describePixels, type PixelDescription } from './describe-pixels.ts';
import { decodeRunLength } from './codecs/run-length.ts';
import { decodeJpegLs } from './codecs/jpeg-ls/decode-jpeg-ls.ts';
import { decodeJpeg } from './codecs/jpeg/decode-jpeg.ts';
import { decodeJpeg2000 } from './codecs/jpeg-2000.ts';
import { inflate } from './inflate.ts';
import { modalityValues } from './modality-values.ts';
import { openPixels } from './open-pixels.ts';
import { expandSegments } from './palette.ts';

const tiny: WritableDataset = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1',
  SOPInstanceUID: '1.2.3.4',
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  Rows: 2,
  Columns: 2,
  BitsAllocated: 8,
  BitsStored: 8,
  HighBit: 7,
  PixelRepresentation: 0,
  PixelData: Uint8Array.of(0, 50, 100, 200),
};

const described: PixelDescription = {
  rows: 4,
  columns: 4,
  frames: 1,
  samplesPerPixel: 1,
  form: 'integer',
  bitsAllocated: 8,
  bitsStored: 8,
  highBit: 7,
  signed: false,
  photometric: 'MONOCHROME2',
  planar: false,
  transferSyntaxUid: '',
};

async function refusal(part10: Uint8Array): Promise<string> {
  const opened = await openPixels(bytesSource(part10));
  if (opened.kind === 'unsupported') return opened.reason;
  const frame = await opened.image.frame(0);
  return frame.kind === 'unsupported' ? frame.reason : 'decoded';
}

/** Encapsulated, one fragment, no offset table. */
function encapsulated(dataset: WritableDataset, transferSyntaxUid: string, fragment: Uint8Array): Uint8Array {
  const { PixelData: _, ...attributes } = dataset;
  const meta = encodeFileMeta({ sopClassUid: '1.2', sopInstanceUid: '1.3', transferSyntaxUid });
  const head = Buffer.from('e07f10004f420000fffffffffeff00e000000000feff00e0', 'hex');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(fragment.length);
  const end = Buffer.from('feffdde000000000', 'hex');
  return Buffer.concat([meta, encodeDataSet(attributes), head, length, fragment, end]);
}

function golden(name: string): Uint8Array {
  return readFileSync(join(import.meta.dirname, '../../golden', name));
}

/** The codestream of a golden file with one fragment. */
function codestream(name: string, start: number[]): Uint8Array {
  const bytes = golden(name);
  return bytes.subarray(Buffer.from(bytes).indexOf(Buffer.from(start)), bytes.length - 8);
}

const sixty = (Object.keys(attributes) as Keyword[])
  .filter((keyword) => /^[A-Q]\w+$/.test(keyword) && attributes[keyword].vr !== 'SQ' && attributes[keyword].vr !== 'OW')
  .slice(0, 52);

describe('claims beyond what a process can hold', () => {
  it.each<[string, WritableDataset]>([
    ['65535 × 65535 pixels are more than 67108864', { ...tiny, Rows: 65_535, Columns: 65_535 }],
    [
      'a frame of 402653184 bytes is more than 268435456',
      {
        ...tiny,
        Rows: 8192,
        Columns: 8192,
        BitsAllocated: 16,
        BitsStored: 16,
        HighBit: 15,
        SamplesPerPixel: 3,
        PhotometricInterpretation: 'RGB',
      },
    ],
    ['the pixel data is too short', { ...tiny, NumberOfFrames: '2000000000' }],
    ['the number of frames is no number', { ...tiny, NumberOfFrames: '1e400' }],
    ['the number of frames is no number', { ...tiny, NumberOfFrames: '-1' }],
  ])('are refused before anything is allocated: %s', async (reason, dataset) => {
    expect(await refusal(encodePart10(dataset))).toBe(reason);
  });

  it('are refused for compressed frames as well, which are small whatever they claim', async () => {
    const fragment = codestream('jpeg-2000-rct.dcm', [0xff, 0x4f, 0xff, 0x51]);
    const file = encapsulated({ ...tiny, Rows: 65_535, Columns: 65_535 }, '1.2.840.10008.1.2.4.90', fragment);
    expect(await refusal(file)).toBe('65535 × 65535 pixels are more than 67108864');
  });

  it('are refused where fragments cannot be told into the frames that are claimed', async () => {
    const file = encapsulated({ ...tiny, NumberOfFrames: '100000' }, '1.2.840.10008.1.2.5', new Uint8Array(64));
    expect(await refusal(file)).toBe('1 fragments without an offset table cannot be told into 100000 frames');
  });
});

describe('attributes before the pixels', () => {
  it('may be many: functional groups of four thousand frames are read', async () => {
    const group = (intercept: number): WritableDataset => ({
      ...Object.fromEntries(sixty.map((keyword) => [keyword, '1'])),
      PixelValueTransformationSequence: [{ RescaleSlope: '1', RescaleIntercept: `${intercept}` }],
    });
    const frames = 4000;
    const PerFrameFunctionalGroupsSequence = Array.from({ length: frames }, (_, i) => group(i));
    const PixelData = new Uint8Array(4 * frames);
    const many = { ...tiny, NumberOfFrames: `${frames}`, PerFrameFunctionalGroupsSequence, PixelData };
    const opened = await openPixels(bytesSource(encodePart10(many)));
    const frame = opened.kind === 'image' ? await opened.image.frame(3999) : opened;
    const values = frame.kind === 'frame' ? modalityValues(frame) : frame;
    expect(values).toEqual({ kind: 'modality-values', values: new Float32Array(4).fill(3999) });
  });
});

describe('a codestream that disagrees with its instance', () => {
  const jpeg = codestream('jpeg-baseline-grey8.dcm', [0xff, 0xd8]);
  const jpegLs = codestream('jpeg-ls-near-grey12.dcm', [0xff, 0xd8]);
  const jpeg2000 = codestream('jpeg-2000-rct.dcm', [0xff, 0x4f, 0xff, 0x51]);
  const whole: PixelDescription = { ...described, rows: 27, columns: 36 };

  it.each<[string, PixelDescription]>([
    ['the frame is 36 × 27, not 35 × 27', { ...whole, columns: 35 }],
    ['the frame has 1 components, not 3', { ...whole, samplesPerPixel: 3, photometric: 'RGB' }],
  ])('is refused before it is decoded: JPEG, %s', (reason, description) => {
    expect(() => decodeJpeg(jpeg, description)).toThrow(reason);
  });

  it('is refused before it is decoded: JPEG-LS', () => {
    expect(() => decodeJpegLs(jpegLs, { ...whole, rows: 26, bitsAllocated: 16 })).toThrow('36 × 27, not 36 × 26');
    expect(() => decodeJpegLs(jpegLs, whole)).toThrow('the frame has 16 bits a sample, 8 are allocated');
  });

  it('is refused before it is decoded: JPEG 2000', async () => {
    await expect(decodeJpeg2000(jpeg2000, whole)).rejects.toThrow('the frame has 3 components, not 1');
    const colour: PixelDescription = { ...whole, samplesPerPixel: 3, photometric: 'RGB' };
    await expect(decodeJpeg2000(jpeg2000, { ...colour, rows: 28 })).rejects.toThrow('36 × 27, not 36 × 28');
  });

  it('is refused with more tiles than a frame has use for', async () => {
    const tiled = new Uint8Array(jpeg2000);
    // XTsiz and YTsiz of the SIZ segment (T.800 A.5.1).
    new DataView(tiled.buffer).setUint32(24, 1);
    new DataView(tiled.buffer).setUint32(28, 1);
    new DataView(tiled.buffer).setUint32(8, 2000);
    new DataView(tiled.buffer).setUint32(12, 2000);
    const big: PixelDescription = { ...described, rows: 2000, columns: 2000, samplesPerPixel: 3, photometric: 'RGB' };
    await expect(decodeJpeg2000(tiled, big)).rejects.toThrow('a frame of 4000000 tiles');
  });
});

describe('bytes that expand', () => {
  function segment(...data: number[]): Uint8Array {
    const bytes = new Uint8Array(64 + data.length);
    new DataView(bytes.buffer).setUint32(0, 1, true);
    new DataView(bytes.buffer).setUint32(4, 64, true);
    bytes.set(data, 64);
    return bytes;
  }

  it('RLE stops at the last pixel, whatever follows', () => {
    const run = Array.from({ length: 1000 }, () => [129, 7]).flat();
    expect([...decodeRunLength(segment(...run), described)]).toEqual(Array.from({ length: 16 }, () => 7));
  });

  it.each([
    ['only padding', [128, 128, 128]],
    ['fewer pixels than the frame has', [3, 1, 2, 3, 4]],
    ['a literal longer than the segment', [15, 1, 2]],
    ['a run without its value', [0, 1, 200]],
  ])('RLE is refused with %s', (_, data) => {
    expect(() => decodeRunLength(segment(...data), described)).toThrow('an RLE segment ends before its pixels');
  });

  it('RLE is refused with another number of segments than samples have bytes', () => {
    expect(() => decodeRunLength(segment(15), { ...described, bitsAllocated: 16 })).toThrow(
      '1 RLE segments where the header claims 2',
    );
  });

  it('a deflated bomb is refused when it grows beyond the limit, not after', async () => {
    const bomb = deflateRawSync(Buffer.alloc(64 << 20));
    const before = process.memoryUsage().arrayBuffers;
    await expect(inflate(bomb, 1 << 20)).rejects.toThrow('the deflated bytes grow beyond 1048576');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 << 20);
  });

  it('a deflated frame that is cut off is refused', async () => {
    const deflated = deflateRawSync(Buffer.from(Array.from({ length: 9999 }, (_, i) => (i * i) % 251)));
    const cut = deflated.subarray(0, deflated.length >> 1);
    await expect(inflate(cut, 1 << 20)).rejects.toThrow('the deflated bytes do not inflate');
  });

  it('a segmented palette holds no more than its descriptor claims, and says no segment again that says one again', () => {
    const words = (...values: number[]): Uint8Array => new Uint8Array(Uint16Array.from(values).buffer);
    expect(expandSegments(words(0, 2, 5, 9, 2, 1, 0, 0), 4, 16, true)).toEqual(Uint16Array.of(5, 9, 5, 9));
    expect(expandSegments(words(2, 65_535, 0, 0), 4, 16, true)).toBeUndefined();
    expect(expandSegments(words(1, 65_535, 4), 4, 16, true)).toHaveLength(4);
  });
});

describe('describePixels', () => {
  const dataSet = { elements: new Map(), littleEndian: true };

  it('refuses an instance that says nothing of its pixels', () => {
    expect(describePixels(dataSet, '1.2', 'integer')).toEqual({
      kind: 'unsupported',
      reason: 'photometric interpretation missing',
    });
  });
});
