import { uidSchema } from '@sightline/dicom';
import { codedConceptSchema } from '@sightline/findings';
import { z } from 'zod';
import { modelReferenceSchema } from './model-manifest.ts';

/** A person's answer to the findings of one report version. */
export const reviewRecordedSchema = z.strictObject({
  studyInstanceUid: uidSchema,
  revision: z.int().positive(),
  model: modelReferenceSchema,
  report: z.strictObject({ url: z.url(), versionId: z.string().min(1) }),
  reviewer: z.strictObject({ subject: z.string().min(1), role: z.enum(['clinician', 'radiologist']) }),
  verdicts: z
    .array(
      z.discriminatedUnion('verdict', [
        z.strictObject({ verdict: z.literal('accepted'), trackingUid: uidSchema }),
        z.strictObject({ verdict: z.literal('rejected'), trackingUid: uidSchema, reason: z.string().min(1) }),
        z.strictObject({ verdict: z.literal('corrected'), trackingUid: uidSchema, concept: codedConceptSchema }),
      ]),
    )
    .min(1),
  recordedAt: z.iso.datetime(),
});

export type ReviewRecorded = z.infer<typeof reviewRecordedSchema>;
