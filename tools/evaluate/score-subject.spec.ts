import { describe, expect, it } from '@jest/globals';
import type { ModelManifest } from '@sightline/contracts';
import { bareValues } from './score-subject.ts';

const headCt = {
  answer: { unit: 'study', aggregation: { kind: 'max' } },
  input: { preparation: { grey: { kind: 'window', center: 40, width: 120 } } },
  evaluation: { assume: { Modality: 'CT' } },
} as unknown as ModelManifest;

describe('a bare picture given to a model of a window', () => {
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
