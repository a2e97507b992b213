import { verdictSchema } from '@sightline/findings';
import { z } from 'zod';

const longestReason = 500;

/** What a person says of a report, and which version of it they saw. */
export const reviewRequestSchema = z
  .strictObject({
    seen: z.strictObject({ url: z.string().min(1), versionId: z.string().min(1) }),
    verdicts: z.array(verdictSchema).max(500),
    sign: z.boolean().default(false),
  })
  .refine(({ verdicts, sign }) => sign || verdicts.length > 0, 'a review without a verdict says nothing')
  .refine(
    ({ verdicts }) => new Set(verdicts.map(({ trackingUid }) => trackingUid)).size === verdicts.length,
    'one finding has two verdicts',
  )
  .refine(
    ({ verdicts }) => verdicts.every((given) => given.verdict !== 'rejected' || isReason(given.reason)),
    `a reason has 1 to ${longestReason} characters`,
  );

/** A name the client gives to one attempt, so that sending it again is the same review. */
export const idempotencyKeySchema = z
  .string()
  .regex(/^[\w-]{8,100}$/)
  .optional();

export type ReviewRequest = z.infer<typeof reviewRequestSchema>;

function isReason(reason: string): boolean {
  return reason.trim() !== '' && reason.length <= longestReason;
}
