import { baseConfigSchema } from '@sightline/platform';
import { z } from 'zod';

/** What every worker app is told beyond what all apps are. */
export const workerConfigSchema = baseConfigSchema.extend({
  modelsDir: z.string().min(1),
  /** A request whose runner died is taken up by another after this long. */
  leaseMs: z.coerce.number().int().min(1_000).default(30_000),
  /** One request may take this long, all its images together. */
  studyTimeLimitMs: z.coerce.number().int().min(1_000).default(120_000),
});

export type WorkerConfig = z.infer<typeof workerConfigSchema>;
