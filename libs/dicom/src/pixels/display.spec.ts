import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePart10, type WritableDataset } from '../write-data-set.ts';
import { bytesSource } from './byte-source.ts';
import { pixelSpacing } from './decode-monochrome.ts';
import { displayGrey } from './display-grey.ts';
import { modalityValues } from './modality-values.ts';
import { openPixels } from './open-pixels.ts';
import { rgbPixels } from './rgb-pixels.ts';
import type { StoredFrame } from './stored-frame.ts';

const signed: WritableDataset = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  SOPInstanceUID: '1.2.3.4',
  SamplesPerPixel: 1,
  PhotometricInterpretation: 'MONOCHROME2',
  Rows: 1,
  Columns: 4,
  BitsAllocated: 16,
  BitsStored: 16,
  HighBit: 15,
  PixelRepresentation: 1,
  PixelData: words(-1000, 0, 40, 3000),
};

function words(...values: number[]): Uint8Array {
  return new Uint8Array(Int16Array.from(values).buffer);
}

async function frameOf(part10: Uint8Array, index = 0): Promise<StoredFrame> {
  const opened = await openPixels(bytesSource(part10));
  const frame = opened.kind === 'image' ? await opened.image.frame(index) : opened;
  if (frame.kind === 'unsupported') throw new Error(frame.reason);
  return frame;
}

async function modality(dataset: WritableDataset, explicitVr = true): Promise<number[] | string> {
  const values = modalityValues(await frameOf(encodePart10(dataset, { explicitVr })));
  return values.kind === 'unsupported' ? values.reason : [...values.values];
}

async function grey(dataset: WritableDataset, explicitVr = true): Promise<number[] | string> {
  const shown = displayGrey(await frameOf(encodePart10(dataset, { explicitVr })));
  return shown.kind === 'unsupported' ? shown.reason : [...shown.values].map((value) => Math.round(value * 100) / 100);
}

/** Enhanced, three frames; the second has slope, intercept and window of its own. */
const enhanced = readFileSync(join(import.meta.dirname, '../../golden/rle-functional-groups.dcm'));

describe('modalityValues', () => {
  it('are Hounsfield units after slope and intercept', async () => {
    expect(await modality({ ...signed, RescaleSlope: '2', RescaleIntercept: '-24' })).toEqual([-2024, -24, 56, 5976]);
  });

  it('are the stored ones where nothing rescales them', async () => {
    expect(await modality(signed)).toEqual([-1000, 0, 40, 3000]);
  });

  it.each([true, false])(
    'go through the Modality LUT, its first input signed (explicit VR: %s)',
    async (explicitVr) => {
      const table = { LUTDescriptor: words(3, -1, 16), LUTData: words(10, 20, 30) };
      expect(await modality({ ...signed, ModalityLUTSequence: [table] }, explicitVr)).toEqual([10, 20, 30, 30]);
    },
  );

  it('are refused where the Modality LUT is malformed', async () => {
    expect(await modality({ ...signed, ModalityLUTSequence: [{ LUTDescriptor: words(3, 0, 16) }] })).toBe(
      'the modality LUT is malformed',
    );
  });

  it('of a frame come from its own functional groups, then from the shared ones', async () => {
    const values = await Promise.all([0, 1, 2].map(async (index) => modalityValues(await frameOf(enhanced, index))));
    const first = values.map((frame) =>
      frame.kind === 'modality-values' ? frame.values.slice(36 * 2, 36 * 2 + 2) : frame,
    );
    // Column 0 and 1 of row 2; each frame is the first one, moved down by a row.
    expect(first).toEqual([Float32Array.of(-840, -788), Float32Array.of(-340, -238), Float32Array.of(-1000, -950)]);
  });

  it('are none of colours', async () => {
    const rgb = { ...signed, SamplesPerPixel: 3, PhotometricInterpretation: 'RGB', PixelData: new Uint8Array(24) };
    expect(await modality(rgb)).toBe('3 samples per pixel');
  });
});

describe('displayGrey', () => {
  const window = { WindowCenter: '40', WindowWidth: '400' };

  it('applies the linear exact window of PS3.3 C.11.2.1.3.2', async () => {
    expect(await grey({ ...signed, ...window, VOILUTFunction: 'LINEAR_EXACT' })).toEqual([0, 102, 127.5, 255]);
  });

  it('applies the sigmoid window of PS3.3 C.11.2.1.3.1', async () => {
    expect(await grey({ ...signed, ...window, VOILUTFunction: 'SIGMOID' })).toEqual([0.01, 102.33, 127.5, 255]);
  });

  it('applies the VOI LUT where there is no window', async () => {
    const table = { LUTDescriptor: words(64, 0, 8), LUTData: words(...Array.from({ length: 64 }, (_, i) => i * 4)) };
    expect(await grey({ ...signed, VOILUTSequence: [table] })).toEqual([0, 0, 160, 252]);
  });

  it('turns grey round for MONOCHROME1 and for an inverse Presentation LUT, and once for both', async () => {
    const shown = [255, 153, 127.5, 0];
    const exact = { ...signed, ...window, VOILUTFunction: 'LINEAR_EXACT' };
    expect(await grey({ ...exact, PhotometricInterpretation: 'MONOCHROME1' })).toEqual(shown);
    expect(await grey({ ...exact, PresentationLUTShape: 'INVERSE' })).toEqual(shown);
    expect(await grey({ ...exact, PhotometricInterpretation: 'MONOCHROME1', PresentationLUTShape: 'INVERSE' })).toEqual(
      shown,
    );
  });

  it('of a frame goes through its own window, then through the shared one', async () => {
    const shown = await Promise.all([0, 1].map(async (index) => displayGrey(await frameOf(enhanced, index))));
    const at = (frame: number, x: number, y: number): number => {
      const values = shown[frame];
      return values?.kind === 'grey' ? (values.values[y * 36 + x] ?? NaN) : NaN;
    };
    // Stored 1120 is 120 HU in the shared window 40 / 400; stored 320 is 140 in the second frame's own 60 / 400.
    expect(at(0, 0, 14)).toBeCloseTo((255 * (120 - 39.5)) / 399 + 127.5, 3);
    expect(at(1, 0, 5)).toBeCloseTo((255 * (140 - 59.5)) / 399 + 127.5, 3);
  });

  it('is none of colours', async () => {
    const palette = { ...signed, PhotometricInterpretation: 'PALETTE COLOR' };
    expect(await grey(palette)).toBe('photometric interpretation PALETTE COLOR');
  });
});

describe('pixelSpacing', () => {
  it('comes from Pixel Measures in an enhanced instance', async () => {
    expect(pixelSpacing((await frameOf(enhanced, 1)).attributes)).toEqual({ row: 0.5, column: 0.25 });
  });

  it('is Pixel Spacing before Imager Pixel Spacing', async () => {
    const both = { ...signed, PixelSpacing: '0.2\\0.3', ImagerPixelSpacing: '0.4\\0.4' };
    expect(pixelSpacing((await frameOf(encodePart10(both))).attributes)).toEqual({ row: 0.2, column: 0.3 });
  });
});

describe('rgbPixels', () => {
  const colour = { ...signed, SamplesPerPixel: 3, PhotometricInterpretation: 'RGB', PixelRepresentation: 0 };

  it('brings 16 bits to 8', async () => {
    const deep = { ...colour, Columns: 1, PixelData: words(0, 0x7fff, -1) };
    expect(rgbPixels(await frameOf(encodePart10(deep)))).toEqual({ kind: 'rgb', values: Uint8Array.of(0, 127, 255) });
  });

  it('turns YBR_FULL into RGB by PS3.3 C.7.6.3.1.2', async () => {
    const ybr = {
      ...colour,
      PhotometricInterpretation: 'YBR_FULL',
      Columns: 2,
      BitsAllocated: 8,
      BitsStored: 8,
      HighBit: 7,
      PixelData: Uint8Array.of(76, 85, 255, 29, 255, 107),
    };
    expect(rgbPixels(await frameOf(encodePart10(ybr)))).toEqual({
      kind: 'rgb',
      values: Uint8Array.of(254, 0, 0, 0, 0, 254),
    });
  });

  it('makes no colours of grey', async () => {
    expect(rgbPixels(await frameOf(encodePart10(signed)))).toEqual({
      kind: 'unsupported',
      reason: 'photometric interpretation MONOCHROME2',
    });
  });
});
