import { z } from 'zod';
import { modelReferenceSchema } from './model-manifest.ts';
import { instanceSchema, studyContextSchema } from './study.ts';

export const prioritySchema = z.enum(['stat', 'urgent', 'routine']);
export const requestRoleSchema = z.enum(['primary', 'shadow']);

/** Run one version of a model on these instances. The role is stamped by dicom-ingest and final. */
export const inferenceRequestedSchema = z.strictObject({
  study: studyContextSchema,
  model: modelReferenceSchema,
  role: requestRoleSchema,
  priority: prioritySchema,
  instances: z.array(instanceSchema).min(1),
  requestedAt: z.iso.datetime(),
  /** Unanswered by then, the study is overdue and the request is emitted again under the same id. */
  deadline: z.iso.datetime(),
});

export type InferenceRequested = z.infer<typeof inferenceRequestedSchema>;
export type Priority = z.infer<typeof prioritySchema>;
export type RequestRole = z.infer<typeof requestRoleSchema>;
