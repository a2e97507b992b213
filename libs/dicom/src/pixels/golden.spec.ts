import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesSource } from './byte-source.ts';
import { openPixels } from './open-pixels.ts';
import { rgbPixels } from './rgb-pixels.ts';
import type { StoredFrame } from './stored-frame.ts';

interface Golden {
  file: string;
  picture: keyof typeof pictures;
  frames: number;
  off: number;
  colour: boolean;
}

const golden = join(import.meta.dirname, '../../golden');
const files = JSON.parse(readFileSync(join(golden, 'index.json'), 'utf8')) as Golden[];

/** What tools/generators/golden-pixels.py drew, by column and row; other people's encoders compressed it. */
const pictures = {
  grey8: (x: number, y: number) => [3 * x + 5 * y + ((x * y) % 4)],
  grey12: (x: number, y: number) => [50 * x + 80 * y + ((x * y) % 16)],
  signed16: (x: number, y: number) => [60 * x - 90 * y + ((x * y) % 8)],
  wide32: (x: number, y: number) => [100_000 * x + 7 * y],
  float32: (x: number, y: number) => [x / 8 - y / 4],
  float64: (x: number, y: number) => [x / 3 - y],
  index: (x: number, y: number) => [(x + y) % 16],
  bits: (x: number, y: number) => [(x + y) % 3 === 0 ? 1 : 0],
  rgb: (x: number, y: number) => [3 * x + 5 * y, 235 - 3 * x - 5 * y, 7 * x],
};
const rows = 27;
const columns = 36;

/** Frame n is the first one, moved down by n rows. */
function drawn(picture: Golden['picture'], frame: number): number[] {
  return Array.from({ length: rows * columns }, (_, i) =>
    pictures[picture](i % columns, (Math.floor(i / columns) - frame + rows) % rows),
  ).flat();
}

async function framesOf(file: string): Promise<StoredFrame[]> {
  const opened = await openPixels(bytesSource(readFileSync(join(golden, file))));
  if (opened.kind === 'unsupported') throw new Error(opened.reason);
  const frames: StoredFrame[] = [];
  for (let index = 0; index < opened.image.description.frames; index++) {
    const frame = await opened.image.frame(index);
    if (frame.kind === 'unsupported') throw new Error(frame.reason);
    frames.push(frame);
  }
  return frames;
}

function rgb(frame: StoredFrame): Uint8Array {
  const pixels = rgbPixels(frame);
  if (pixels.kind === 'unsupported') throw new Error(pixels.reason);
  return pixels.values;
}

function mostOff(values: ArrayLike<number>, expected: readonly number[]): number {
  expect(values.length).toBe(expected.length);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - (values[i] ?? NaN))), 0);
}

describe('golden files', () => {
  it.each(files)(
    '$file is the picture that was drawn, to within $off',
    async ({ file, picture, frames, off, colour }) => {
      const decoded = await framesOf(file);
      expect(decoded).toHaveLength(frames);
      for (const frame of decoded) {
        const values = colour ? rgb(frame) : frame.values;
        expect(mostOff(values, drawn(picture, frame.index))).toBeLessThanOrEqual(off);
      }
    },
  );

  it('gives any frame without those before it', async () => {
    for (const { file, picture } of files.filter(({ frames, off }) => frames > 1 && off === 0)) {
      const opened = await openPixels(bytesSource(readFileSync(join(golden, file))));
      const frame = opened.kind === 'image' ? await opened.image.frame(1) : opened;
      expect(frame.kind === 'frame' ? [...frame.values] : frame.reason).toEqual(drawn(picture, 1));
    }
  });

  it('reads no more than the frame that is asked for', async () => {
    const bytes = readFileSync(join(golden, 'jpeg-ls-signed16.dcm'));
    let read = 0;
    const opened = await openPixels({
      size: bytes.length,
      read: (offset, length) => {
        read += length;
        return bytesSource(bytes).read(offset, length);
      },
    });
    if (opened.kind === 'unsupported') throw new Error(opened.reason);
    read = 0;
    await opened.image.frame(2);
    expect(read).toBeLessThan(bytes.length / 2);
  });

  it.each(['explicit-palette.dcm', 'explicit-palette-segmented.dcm'])('%s is shown in its colours', async (file) => {
    const [frame] = await framesOf(file);
    const expected = drawn('index', 0).flatMap((i) => [i * 17, 255 - i * 17, i * 8]);
    expect(frame && mostOff(rgb(frame), expected)).toBeLessThanOrEqual(1);
  });

  it('has one of each transfer syntax that is decoded, and of each photometric interpretation', async () => {
    const descriptions = await Promise.all(files.map(async ({ file }) => (await framesOf(file))[0]?.description));
    const syntaxes = new Set(descriptions.map((description) => description?.transferSyntaxUid.slice(17)));
    expect(syntaxes).toEqual(
      new Set([
        ...['', '.1', '.1.98', '.1.99', '.2', '.5', '.8.1', '.4.50', '.4.51', '.4.57', '.4.70'],
        ...['.4.80', '.4.81', '.4.90', '.4.91', '.4.201', '.4.202', '.4.203'],
      ]),
    );
    expect(new Set(descriptions.map((description) => description?.photometric))).toEqual(
      new Set(['MONOCHROME1', 'MONOCHROME2', 'PALETTE COLOR', 'RGB', 'YBR_FULL', 'YBR_FULL_422', 'YBR_ICT', 'YBR_RCT']),
    );
  });
});
