import { describe, expect, it } from '@jest/globals';
import type { ReportState } from '@sightline/findings';
import type { Role, User } from '@sightline/platform';
import { mayOf } from './may-review.ts';

const findings: Parameters<typeof mayOf>[0] = { outcome: { kind: 'findings', findings: [], artefacts: [] } };

function who(...roles: Role[]): User {
  return { subject: 's', roles };
}

describe('who may do what with a report', () => {
  it.each<[ReportState, Role, boolean, boolean]>([
    ['unreviewed', 'clinician', true, false],
    ['unreviewed', 'radiologist', true, true],
    ['signed', 'clinician', false, false],
    ['signed', 'radiologist', true, true],
    ['corrected', 'clinician', false, false],
    ['corrected', 'radiologist', true, true],
    ['rejected', 'radiologist', false, false],
    ['withdrawn', 'radiologist', false, false],
    ['refused', 'radiologist', false, false],
  ])('%s, a %s: answers %s, signs %s', (state, role, review, sign) => {
    const may = mayOf(findings, { state }, who(role));
    expect(may).toMatchObject({ review, sign });
    // Who may do nothing is told why.
    expect(may.why === undefined).toBe(review);
  });

  it('a person of both roles signs', () => {
    expect(mayOf(findings, { state: 'unreviewed' }, who('clinician', 'radiologist')).sign).toBe(true);
  });

  it('a report without an answer, or of a refusal, has nothing to answer', () => {
    const skipped = { outcome: { kind: 'skipped', reason: 'age-unknown', detail: '' } } as const;
    for (const reading of [{ outcome: null }, skipped])
      expect(mayOf(reading, { state: 'unreviewed' }, who('radiologist')).review).toBe(false);
  });
});
