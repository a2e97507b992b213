import { uidSchema } from '@sightline/dicom';
import { z } from 'zod';
import { instanceSchema, studyContextSchema } from './study.ts';

/** Revision n of a study is complete: exactly these instances, and the evidence for calling them complete. */
export const studyReceivedSchema = z.strictObject({
  study: studyContextSchema,
  instances: z.array(instanceSchema).min(1),
  /** Instances stored but never shown to a model: localizers, dose screens, QA phantoms, our own output, what was rejected. */
  leftOut: z.array(z.strictObject({ sopInstanceUid: uidSchema, reason: z.string().min(1) })),
  completeness: z.strictObject({
    rule: z.literal('quiet-period'),
    quietPeriodMs: z.int().nonnegative(),
    firstReceivedAt: z.iso.datetime(),
    lastReceivedAt: z.iso.datetime(),
    completedAt: z.iso.datetime(),
  }),
});

export type StudyReceived = z.infer<typeof studyReceivedSchema>;
