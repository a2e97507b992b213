import { describe, expect, it } from '@jest/globals';
import { codes, concept } from '@sightline/findings';
import { idempotencyKeySchema, reviewRequestSchema } from './review-request.ts';

const seen = { url: 'https://ehr.example.org/fhir/DiagnosticReport/17', versionId: '1' };
const accepted = { verdict: 'accepted', trackingUid: '2.25.1' };
const rejected = (reason: string) => ({ verdict: 'rejected', trackingUid: '2.25.1', reason });

describe('what a person may say of a report', () => {
  it.each([
    ['a verdict', { seen, verdicts: [accepted] }],
    ['a reason', { seen, verdicts: [rejected('Artefact')] }],
    [
      'another concept',
      { seen, verdicts: [{ ...accepted, verdict: 'corrected', concept: concept(codes.snomed.lung) }] },
    ],
    ['a signature alone', { seen, verdicts: [], sign: true }],
  ])('%s', (_what, body) => {
    expect(reviewRequestSchema.safeParse(body).success).toBe(true);
  });

  it.each([
    ['nothing', { seen, verdicts: [] }],
    ['two things of one finding', { seen, verdicts: [accepted, rejected('Artefact')] }],
    ['an empty reason', { seen, verdicts: [rejected('  ')] }],
    ['a reason without an end', { seen, verdicts: [rejected('x'.repeat(501))] }],
    ['a correction without a concept', { seen, verdicts: [{ ...accepted, verdict: 'corrected' }] }],
    ['of no version', { verdicts: [accepted] }],
    ['what this server does not know', { seen, verdicts: [accepted], final: true }],
    ['no UID', { seen, verdicts: [{ ...accepted, trackingUid: 'the first' }] }],
  ])('not %s', (_what, body) => {
    expect(reviewRequestSchema.safeParse(body).success).toBe(false);
  });

  it('a key of an attempt is short and plain', () => {
    for (const key of [undefined, 'a1b2c3d4-e5f6']) expect(idempotencyKeySchema.safeParse(key).success).toBe(true);
    for (const key of ['short', 'x'.repeat(101), 'with a space'])
      expect(idempotencyKeySchema.safeParse(key).success).toBe(false);
  });
});
