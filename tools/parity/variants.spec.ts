import { describe, expect, it } from '@jest/globals';
import { bytesSource, decodeMonochromePixels, displayGrey, modalityValues, openPixels } from '@sightline/dicom';
import type { GreyPicture } from '../evaluate/wrap-image.ts';
import { reference, variantsFor } from './variants.ts';

/** Every grey there is, long runs and none. */
const picture: GreyPicture = {
  width: 64,
  height: 16,
  grey: Uint8Array.from({ length: 1024 }, (_, i) => (i < 256 ? i : i < 700 ? 9 : (i * 73 + (i >> 3)) & 255)),
};

async function displayed(object: Uint8Array) {
  const decoded = await decodeMonochromePixels(object);
  if (decoded.kind === 'unsupported') throw new Error(decoded.reason);
  return decoded;
}

const named = (name: string, grey: Parameters<typeof variantsFor>[0]) => {
  const variant = variantsFor(grey).find((each) => each.name === name);
  if (variant === undefined) throw new Error(`no ${name}`);
  return variant;
};

describe('the variants of a picture', () => {
  it.each(['16 bits with VOI', 'MONOCHROME1', 'RLE', 'JPEG 2000 lossless'])(
    'show the same greys when stored as %s',
    async (name) => {
      const { values } = await displayed(await named(name, { kind: 'display' }).make(picture, {}));
      const plain = await displayed(await reference.make(picture, {}));
      expect(values).toHaveLength(picture.grey.length);
      values.forEach((value, i) => expect(Math.abs(value - (plain.values[i] ?? 0))).toBeLessThan(1e-3));
      expect([...plain.values].map(Math.round)).toEqual([...picture.grey]);
    },
  );

  it('are four times as large on each side, alike in the mean', async () => {
    const { width, height, values } = await displayed(await named('4 × size', { kind: 'display' }).make(picture, {}));
    expect([width, height]).toEqual([256, 64]);
    const mean = (numbers: ArrayLike<number>) =>
      Array.from(numbers).reduce((sum, each) => sum + each, 0) / numbers.length;
    expect(Math.abs(mean(values) - mean(picture.grey))).toBeLessThan(1);
  });

  const window = { kind: 'window' as const, center: 40, width: 80 };
  const bare = { RescaleSlope: String(80 / 255), RescaleIntercept: '0' };

  async function hounsfield(object: Uint8Array) {
    const opened = await openPixels(bytesSource(object));
    if (opened.kind === 'unsupported') throw new Error(opened.reason);
    const frame = await opened.image.frame(0);
    if (frame.kind === 'unsupported') throw new Error(frame.reason);
    const values = modalityValues(frame);
    if (values.kind === 'unsupported') throw new Error(values.reason);
    expect(displayGrey(frame).kind).toBe('grey');
    return { values: values.values, ...frame.description };
  }

  it('hold the same Hounsfield units in 16 bits, and none inverted, for a model that takes a window', async () => {
    const plain = await hounsfield(await reference.make(picture, bare));
    const wide = await hounsfield(await named('16 bits with VOI', window).make(picture, bare));
    expect(wide.bitsStored).toBe(16);
    wide.values.forEach((value, i) => expect(Math.abs(value - (plain.values[i] ?? 0))).toBeLessThan(1e-3));
    expect(variantsFor(window).map(({ name }) => name)).not.toContain('MONOCHROME1');
  });

  it('shift every Hounsfield unit by ten, and take another field of view', async () => {
    const plain = await hounsfield(await reference.make(picture, bare));
    const shifted = await hounsfield(await named('+10 HU', window).make(picture, bare));
    expect((shifted.values[5] ?? 0) - (plain.values[5] ?? 0)).toBeCloseTo(10, 4);
    const closer = await hounsfield(await named('field of view -15 %', window).make(picture, bare));
    const wider = await hounsfield(await named('field of view +15 %', window).make(picture, bare));
    expect([closer.columns, closer.rows, wider.columns, wider.rows]).toEqual([54, 14, 74, 18]);
  });
});
