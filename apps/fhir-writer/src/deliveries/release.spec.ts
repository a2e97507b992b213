import { describe, expect, it } from '@jest/globals';
import type { Release } from '@sightline/contracts';
import type { Review } from '@sightline/findings';
import { heldBy } from './release.ts';

const nobody: Review = { verdicts: [] };
const signed: Review = {
  verdicts: [],
  signature: { by: { subject: 'r', role: 'radiologist' }, at: '2026-02-03T04:05:06Z' },
};

describe('what may leave the mesh', () => {
  it.each([
    ['immediate', nobody, undefined],
    ['immediate', signed, undefined],
    ['on-signature', nobody, 'on-signature'],
    ['on-signature', signed, undefined],
    ['worklist-only', nobody, 'worklist-only'],
    ['worklist-only', signed, 'worklist-only'],
  ] as [Release, Review, string | undefined][])('%s, review %j: held by %s', (release, review, held) => {
    expect(heldBy(release, review, false)).toBe(held);
  });

  it.each(['immediate', 'on-signature', 'worklist-only'] as const)(
    '%s: what was told can always be taken back',
    (release) => {
      expect(heldBy(release, nobody, true)).toBeUndefined();
    },
  );
});
