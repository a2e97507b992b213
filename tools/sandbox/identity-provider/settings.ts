import { z } from 'zod';

const Jwk = z.record(z.string(), z.unknown());

/** Everything the provider process needs, in one file that only its owner may read. Secrets are made anew per sandbox. */
export const Settings = z.object({
  issuer: z.url(),
  port: z.int(),
  /** Who the access tokens are for. */
  audience: z.string(),
  /** Private keys that sign tokens (ES256 and RS256). */
  signingKeys: z.array(Jwk),
  cookieKeys: z.array(z.string()),
  /** The four people of the sandbox sign in with their role as name and this password. */
  password: z.string(),
  readingRoom: z.object({ clientId: z.string(), clientSecret: z.string(), redirectUris: z.array(z.string()) }),
  /** The public half of the key fhir-writer signs its client assertions with (ES384). */
  fhirWriter: z.object({ clientId: z.string(), publicKey: Jwk }),
  /** `sandbox-<role>`: a token of a role without a browser. */
  roleClientSecret: z.string(),
});
export type Settings = z.infer<typeof Settings>;

export const ROLES = ['clinician', 'radiologist', 'compliance', 'operator'] as const;
export type Role = (typeof ROLES)[number];

export const NAMES: Readonly<Record<Role, string>> = {
  clinician: 'Casey Clinician',
  radiologist: 'Robin Radiologist',
  compliance: 'Charlie Compliance',
  operator: 'Olli Operator',
};

export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}
