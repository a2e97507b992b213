import { z } from 'zod';

/** What a FHIR destination keeps of what it was told last, of one report. */
export const toldHereSchema = z.object({
  patient: z.string(),
  report: z.object({ resourceType: z.string(), id: z.string(), versionId: z.string().optional() }),
  status: z.string(),
  /** Versions by our hand, `Type/id` → version id. */
  written: z.record(z.string(), z.string()).optional(),
});

/** What it notes before it writes for the first time. */
export const begunHereSchema = toldHereSchema.pick({ patient: true });

export type ToldHere = z.infer<typeof toldHereSchema>;
