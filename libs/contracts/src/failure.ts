import { z } from 'zod';

/**
 * Why a step did not succeed. Only `unavailable` is retried; `invalid-input` will never succeed and `defect` is ours to mend.
 * `message` never holds patient data.
 */
export const failureSchema = z.strictObject({
  kind: z.enum(['invalid-input', 'unavailable', 'defect']),
  message: z.string().min(1),
});

export type Failure = z.infer<typeof failureSchema>;
