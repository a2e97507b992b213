import { describe, expect, it } from '@jest/globals';
import { sayIssue, sayRefusal } from './say-issue.ts';
import type { VolumeIssue, VolumeRefusal } from './volume-issue.ts';

const a = { sopInstanceUid: '2.25.1', frameNumber: 1 };
const b = { sopInstanceUid: '2.25.2', frameNumber: 1 };

const issues: [VolumeIssue, string][] = [
  [{ kind: 'gantry-tilt', degrees: 17.96 }, 'The gantry was tilted by 18.0°.'],
  [{ kind: 'missing-slices', gaps: [{ after: a, before: b, missing: 1 }], missing: 1 }, '1 slice missing in 1 place.'],
  [{ kind: 'uneven-spacing', leastMm: 3, mostMm: 5.004 }, 'Slices lie between 3 mm and 5 mm apart.'],
  [
    { kind: 'sparse-slices', thicknessMm: 1, spacingMm: 10 },
    'Slices of 1 mm lie 10 mm apart: the tissue between was not imaged.',
  ],
  [{ kind: 'duplicate-slices', duplicates: [{ kept: a, dropped: b }], pixels: 'identical' }, '1 slice sent twice.'],
  [
    { kind: 'duplicate-slices', duplicates: [{ kept: a, dropped: b }], pixels: 'not compared' },
    '1 slice at the place of another; whether their pictures differ was not compared.',
  ],
  [
    { kind: 'several-volumes', by: ['ImageOrientationPatient', 'EchoTime'] },
    'The series holds several volumes, which differ in orientation, echo time.',
  ],
];

const refusals: [VolumeRefusal, string][] = [
  [{ kind: 'localizer' }, 'Localizer.'],
  [
    { kind: 'missing-geometry', lacking: ['ImagePositionPatient', 'PixelSpacing'] },
    'The images do not say where they lie in the patient: no usable position, pixel spacing.',
  ],
  [{ kind: 'single-slice' }, 'A single slice.'],
  [{ kind: 'too-many-missing-slices', missing: 5, of: 20 }, '5 of 20 slices missing.'],
  [{ kind: 'positions-off-line', mostMm: 9 }, 'Slices are shifted against each other by up to 9 mm.'],
  [
    { kind: 'contradicting-duplicates', duplicates: [{ kept: a, dropped: b }] },
    '1 slice at the place of another with a different picture.',
  ],
];

describe('what is said of a volume', () => {
  it.each(issues)('with an issue: %j', (issue, sentence) => {
    expect(sayIssue(issue)).toBe(sentence);
  });

  it.each(refusals)('that is refused: %j', (refusal, sentence) => {
    expect(sayRefusal(refusal)).toBe(sentence);
  });
});
