import { uidSchema } from '@sightline/dicom';
import { reviewerSchema, verdictSchema } from '@sightline/findings';
import { z } from 'zod';
import { modelReferenceSchema } from './model-manifest.ts';

/** A person's answer to the findings of one report version. */
export const reviewRecordedSchema = z.strictObject({
  studyInstanceUid: uidSchema,
  revision: z.int().positive(),
  model: modelReferenceSchema,
  report: z.strictObject({ url: z.url(), versionId: z.string().min(1) }),
  reviewer: reviewerSchema,
  verdicts: z.array(verdictSchema).min(1),
  /** True where the reviewer answers for the whole report with this. */
  signed: z.boolean().optional(),
  recordedAt: z.iso.datetime(),
  /** Name of the destination where it was given, in the chart itself; absent: in the reading room. */
  destination: z.string().min(1).optional(),
});

export type ReviewRecorded = z.infer<typeof reviewRecordedSchema>;
