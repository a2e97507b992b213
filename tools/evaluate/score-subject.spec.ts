import { describe, expect, it } from '@jest/globals';
import type { ModelManifest } from '@sightline/contracts';
import { decodeFrames } from '../../libs/inference/src/processes/decode-frames.ts';
import { bareValues } from './score-subject.ts';
import { wrapImage } from './wrap-image.ts';

const window = { kind: 'window', center: 40, width: 120 } as const;
const headCt = {
  answer: { unit: 'study', aggregation: { kind: 'max' } },
  input: { preparation: { grey: window } },
  evaluation: { assume: { Modality: 'CT' } },
} as unknown as ModelManifest;

describe('a bare picture given to a model of a window', () => {
  it('is shown to it with the greys the picture has', async () => {
    const grey = Uint8Array.from({ length: 256 }, (_, i) => i);
    const object = wrapImage('ramp', { width: 16, height: 16, grey }, bareValues(headCt, 'study', 0));
    const [frame] = await decodeFrames(object, { frames: [1], grey: window });
    if (frame?.kind !== 'grey') throw new Error('not decoded');
    for (const [i, value] of frame.values.entries()) expect(value).toBeCloseTo(i, 3);
  });

  it('has header values that fit their representation', () => {
    const values = bareValues(headCt, 'study', 3);
    expect(values).toMatchObject({ Modality: 'CT', InstanceNumber: '4', RescaleIntercept: '-20' });
    expect(values['RescaleSlope']?.length).toBeLessThanOrEqual(16);
  });

  it('lies in its study at a place of its own', () => {
    const [one, other] = [bareValues(headCt, 'study', 0), bareValues(headCt, 'study', 1)];
    expect(one['SeriesInstanceUID']).toBe(other['SeriesInstanceUID']);
    expect(one['ImagePositionPatient']).not.toBe(other['ImagePositionPatient']);
  });
});
