import { baseConfigSchema } from '@sightline/platform';
import { z } from 'zod';

/** What fhir-writer is told beside what every app is. */
export const configSchema = baseConfigSchema.extend({
  /** JSON of `Site`: destinations, release, whose patients. */
  siteFile: z.string().min(1),
  siteTimezone: z.string().refine(isTimezone, 'must be an IANA time zone'),
  modelsDir: z.string().min(1),
  /** How often those in quarantine are looked up again. */
  quarantineRecheckMs: z.coerce.number().int().positive().default(60_000),
});

export type Config = z.infer<typeof configSchema>;

function isTimezone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}
