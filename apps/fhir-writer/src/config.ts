import { baseConfigSchema } from '@sightline/platform';
import { z } from 'zod';

/** What fhir-writer is told beside what every app is. */
export const configSchema = baseConfigSchema.extend({
  /** Base of the EHR's R4 endpoint, without a slash at the end. */
  fhirBaseUrl: z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, '')),
  fhirTokenUrl: z.url({ protocol: /^https?$/ }),
  fhirClientId: z.string().min(1),
  /** File with the private JWK (ES384) that signs the client assertion. */
  fhirClientKeyFile: z.string().min(1),
  /** `create` is the sandbox's: a hospital's patients are never made from images. */
  patientRule: z.enum(['resolve', 'create']).default('resolve'),
  /** Whose patient ids the images carry where they name no issuer. */
  patientIdentifierSystem: z.string().min(1),
  /** JSON: `[{ "issuer"?, "callingAeTitle"?, "system" }]`, first match wins. */
  patientIssuersFile: z.string().min(1).optional(),
  /** Over what the models' manifests say. */
  releaseOverride: z.enum(['worklist-only', 'on-signature', 'immediate']).optional(),
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
