import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesSource } from './byte-source.ts';
import { displayGrey } from './display-grey.ts';
import { openPixels } from './open-pixels.ts';
import { rgbPixels } from './rgb-pixels.ts';

const golden = join(import.meta.dirname, '../../golden');
const files = readdirSync(golden).filter((name) => name.endsWith('.dcm'));

/** Mulberry32: the same damage in every run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Everything a reader does with a file; counts what came, so that nothing is left out as unused. */
async function readAll(bytes: Uint8Array): Promise<{ decoded: number; refused: string[] }> {
  const opened = await openPixels(bytesSource(bytes));
  if (opened.kind === 'unsupported') return { decoded: 0, refused: [opened.reason] };
  const refused: string[] = [];
  let decoded = 0;
  const { rows, columns, samplesPerPixel, frames } = opened.image.description;
  for (let index = 0; index < Math.min(frames, 4); index++) {
    const frame = await opened.image.frame(index);
    if (frame.kind === 'unsupported') {
      refused.push(frame.reason);
      continue;
    }
    decoded++;
    expect(frame.values).toHaveLength(rows * columns * samplesPerPixel);
    const shown = samplesPerPixel === 1 ? displayGrey(frame) : rgbPixels(frame);
    if (shown.kind === 'unsupported') refused.push(shown.reason);
  }
  return { decoded, refused };
}

function expectReasons(reasons: readonly string[]): void {
  for (const reason of reasons) expect(reason).toMatch(/^[\w(][^\0]{3,140}$/);
}

describe.each(files)('%s', (file) => {
  const whole = new Uint8Array(readFileSync(join(golden, file)));

  it('is decoded or refused with a reason wherever it is cut off', async () => {
    const random = randomFrom(file.length);
    for (let i = 0; i < 12; i++) expectReasons((await readAll(whole.subarray(0, random(whole.length)))).refused);
  });

  it('is decoded or refused with a reason whatever bytes are changed', async () => {
    const random = randomFrom(file.length * 7);
    for (let i = 0; i < 20; i++) {
      const changed = whole.slice();
      const count = 1 + random(6);
      for (let n = 0; n < count; n++) changed[132 + random(changed.length - 132)] = random(256);
      expectReasons((await readAll(changed)).refused);
    }
  });
});

describe('a compressed frame that is cut off', () => {
  const compressed = files.filter((name) => /^(rle|jpeg|htj2k|deflated-frames)/.test(name));

  it.each(compressed)('%s is refused, not filled up', async (file) => {
    const bytes = new Uint8Array(readFileSync(join(golden, file)));
    // The codestream's last third, the delimiter after it left whole.
    bytes.fill(0, bytes.length - 8 - Math.floor(lastFragment(bytes) / 3), bytes.length - 8);
    const { refused } = await readAll(bytes);
    expect(refused).toHaveLength(1);
  });
});

/** Length of the last item of a file that ends with a sequence delimiter. */
function lastFragment(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer);
  for (let at = bytes.length - 16; at > 0; at--) {
    const length = view.getUint32(at + 4, true);
    if (view.getUint32(at, true) === 0xe000fffe && at + 8 + length === bytes.length - 8) return length;
  }
  throw new Error('no fragment');
}
