import { afterAll, expect, it } from '@jest/globals';
import type { ModelManifest } from '@sightline/contracts';
import { ProcessPixelReader } from '@sightline/inference';
import { bareValues } from './score-subject.ts';
import { wrapImage } from './wrap-image.ts';

const window = { kind: 'window', center: 40, width: 120 } as const;
const headCt = {
  answer: { unit: 'study', aggregation: { kind: 'max' } },
  input: { preparation: { grey: window } },
  evaluation: { assume: { Modality: 'CT' } },
} as unknown as ModelManifest;

const pixels = new ProcessPixelReader();
afterAll(() => pixels.close());

it('a bare picture given to a model of a window is shown to it with the greys the picture has', async () => {
  const grey = Uint8Array.from({ length: 256 }, (_, i) => i);
  const object = wrapImage('ramp', { width: 16, height: 16, grey }, bareValues(headCt, 'study', 0));
  const decoded = await pixels.decode(object, { frames: [1], grey: window }, new AbortController().signal);
  const [frame] = decoded.kind === 'computed' ? decoded.value : [];
  if (frame?.kind !== 'grey') throw new Error('not decoded');
  for (const [i, value] of frame.values.entries()) expect(value).toBeCloseTo(i, 3);
});
