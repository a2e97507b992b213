import { baseConfigSchema } from '@sightline/platform';
import { z } from 'zod';

export const auditMonitorConfigSchema = baseConfigSchema.extend({
  modelsDir: z.string().min(1),
  /** How often the models folder is looked at for versions never seen before. */
  modelsPollMs: z.coerce.number().int().positive().default(3_000),
});

export type AuditMonitorConfig = z.infer<typeof auditMonitorConfigSchema>;
