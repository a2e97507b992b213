import { z } from 'zod';
import { modelReferenceSchema, modelRoleSchema, modelVersionSchema } from './model-manifest.ts';
import { workerSchema } from './worker.ts';

/**
 * Which part a version of a model plays from now on. A decision that moves two versions is two messages of one `decidedAt`, which
 * grows with every decision on a model: the newest per version wins, whatever order they are heard in.
 */
export const modelRoleChangedSchema = z.strictObject({
  model: modelReferenceSchema,
  worker: workerSchema,
  role: modelRoleSchema,
  decidedBy: z.string().min(1),
  decidedAt: z.iso.datetime(),
  /**
   * The version that is primary once this decision stands; absent where the model never had one. Said in every message, so
   * that whoever has heard only half of a swap sees neither two primaries nor none.
   */
  primary: modelVersionSchema.optional(),
});

export type ModelRoleChanged = z.infer<typeof modelRoleChangedSchema>;
