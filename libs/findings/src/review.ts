import { uidSchema } from '@sightline/dicom';
import { z } from 'zod';
import { codedConceptSchema } from './coded-concept.ts';
import type { Finding } from './finding.ts';

/** A person's answer to one finding. `corrected` says what is there instead. */
export const verdictSchema = z.discriminatedUnion('verdict', [
  z.strictObject({ verdict: z.literal('accepted'), trackingUid: uidSchema }),
  z.strictObject({ verdict: z.literal('rejected'), trackingUid: uidSchema, reason: z.string().min(1) }),
  z.strictObject({ verdict: z.literal('corrected'), trackingUid: uidSchema, concept: codedConceptSchema }),
]);

export const reviewerSchema = z.strictObject({
  subject: z.string().min(1),
  role: z.enum(['clinician', 'radiologist']),
  /** What the person is called. */
  name: z.string().min(1).optional(),
});

export type Verdict = z.infer<typeof verdictSchema>;
export type Reviewer = z.infer<typeof reviewerSchema>;

/** A verdict in force, with who gave it and when (an instant). */
export type GivenVerdict = Verdict & { by: Reviewer; at: string };

/** What people have said of a report so far: of each finding the last verdict, and who answers for the whole, where someone does. */
export interface Review {
  verdicts: readonly GivenVerdict[];
  signature?: { by: Reviewer; at: string };
}

/** The verdict on a finding, or undefined while nobody has answered it. */
export function verdictOn(review: Review, { trackingUid }: Pick<Finding, 'trackingUid'>): GivenVerdict | undefined {
  return review.verdicts.find((verdict) => verdict.trackingUid === trackingUid);
}

/** What a person says in place of a model, as a sentence of its own. */
export function correctionSentence({ concept, by }: Extract<GivenVerdict, { verdict: 'corrected' }>): string {
  return `${concept.display}, as corrected by a ${by.role}.`;
}

/** True where both say the same of one finding, whoever says it: a concept is its code, not its words. */
export function isSameVerdict(one: Verdict, other: Verdict): boolean {
  return contentOf(one) === contentOf(other);
}

function contentOf(given: Verdict): string {
  switch (given.verdict) {
    case 'accepted':
      return JSON.stringify([given.trackingUid, 'accepted']);
    case 'rejected':
      return JSON.stringify([given.trackingUid, 'rejected', given.reason]);
    case 'corrected':
      return JSON.stringify([given.trackingUid, 'corrected', given.concept.system, given.concept.code]);
  }
}
