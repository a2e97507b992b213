import { describe, expect, it } from '@jest/globals';
import { decodeMonochromePixels } from './decode-monochrome.ts';
import { encodePart10, type WritableDataset } from '../write-data-set.ts';

const eightBit: WritableDataset = {
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

function words(...values: number[]): Uint8Array {
  return new Uint8Array(Uint16Array.from(values).buffer);
}

const twelveBit: WritableDataset = { ...eightBit, BitsAllocated: 16, BitsStored: 12, HighBit: 11 };

async function greys(dataset: WritableDataset, explicitVr = true): Promise<number[]> {
  const decoded = await decodeMonochromePixels(encodePart10(dataset, { explicitVr }));
  if (decoded.kind === 'unsupported') throw new Error(decoded.reason);
  return [...decoded.values].map((value) => Math.round(value * 100) / 100);
}

async function refusal(dataset: WritableDataset): Promise<string> {
  const decoded = await decodeMonochromePixels(encodePart10(dataset));
  return decoded.kind === 'unsupported' ? decoded.reason : 'decoded';
}

describe('decodeMonochromePixels', () => {
  it.each([true, false])('stretches the full range where no window is given (explicit VR: %s)', async (explicitVr) => {
    expect(await greys(eightBit, explicitVr)).toEqual([0, 63.75, 127.5, 255]);
  });

  it('leaves 8-bit values as they are under the window 128 / 256', async () => {
    expect(await greys({ ...eightBit, WindowCenter: '128', WindowWidth: '256' })).toEqual([0, 50, 100, 200]);
  });

  it('applies the linear window of PS3.3 C.11.2.1.2', async () => {
    const dataset = {
      ...eightBit,
      WindowCenter: '100\\1',
      WindowWidth: '101\\1',
      PixelData: Uint8Array.of(49, 50, 100, 150),
    };
    expect(await greys(dataset)).toEqual([0, 1.27, 128.77, 255]);
  });

  it('inverts MONOCHROME1', async () => {
    expect(await greys({ ...eightBit, PhotometricInterpretation: 'MONOCHROME1' })).toEqual([255, 191.25, 127.5, 0]);
  });

  it('rescales before the window, in signed values', async () => {
    const dataset = {
      ...twelveBit,
      PixelRepresentation: 1,
      RescaleSlope: '2',
      RescaleIntercept: '-10',
      WindowCenter: '0.5',
      WindowWidth: '256',
      PixelData: words(0xfff, 5, 0x800, 0x7ff),
    };
    expect(await greys(dataset)).toEqual([115.5, 127.5, 0, 255]);
  });

  it('ignores bits outside the stored ones', async () => {
    expect(await greys({ ...twelveBit, PixelData: words(0xf000, 0xf064, 0x00c8, 0x0190) })).toEqual([
      0, 63.75, 127.5, 255,
    ]);
  });

  it('shows padding black and keeps it out of the range', async () => {
    const dataset = { ...twelveBit, PixelPaddingValue: 4000, PixelData: words(4000, 100, 200, 300) };
    expect(await greys(dataset)).toEqual([0, 0, 127.5, 255]);
  });

  it.each<[string, WritableDataset]>([
    [
      'photometric interpretation RGB',
      { ...eightBit, PhotometricInterpretation: 'RGB', SamplesPerPixel: 3, PixelData: new Uint8Array(12) },
    ],
    ['3 samples per pixel in MONOCHROME2', { ...eightBit, SamplesPerPixel: 3 }],
    ['2 frames', { ...eightBit, NumberOfFrames: '2', PixelData: new Uint8Array(8) }],
    ['12 bits allocated', { ...eightBit, BitsAllocated: 12 }],
    ['no rows or columns', { ...eightBit, Rows: 0 }],
    ['the pixel data is too short', { ...eightBit, Rows: 200 }],
    ['no pixel data', { ...eightBit, PixelData: new Uint8Array() }],
    ['12 bits stored up to bit 7 of 8', { ...eightBit, BitsStored: 12 }],
  ])('refuses with the reason: %s', async (reason, dataset) => {
    expect(await refusal(dataset)).toBe(reason);
  });

  it('never throws on a file cut at any byte', async () => {
    const file = encodePart10(eightBit);
    for (let end = 0; end < file.length; end++) {
      expect((await decodeMonochromePixels(file.subarray(0, end))).kind).toBe('unsupported');
    }
  });
});
