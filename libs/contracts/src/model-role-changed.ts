import { z } from 'zod';
import { modelReferenceSchema, modelRoleSchema } from './model-manifest.ts';
import { workerSchema } from './worker.ts';

/** Which part a version of a model plays from now on; the newest per version wins. */
export const modelRoleChangedSchema = z.strictObject({
  model: modelReferenceSchema,
  worker: workerSchema,
  role: modelRoleSchema,
  decidedBy: z.string().min(1),
  decidedAt: z.iso.datetime(),
});

export type ModelRoleChanged = z.infer<typeof modelRoleChangedSchema>;
