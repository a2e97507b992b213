import { readFile } from 'node:fs/promises';
import { modelNameSchema, releaseSchema, type Release } from '@sightline/contracts';
import { z } from 'zod';

const url = z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, ''));
const nameSchema = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by hyphens');

/** First match wins; a row without a `callingAeTitle` is for all of them. */
const issuerRowSchema = z.strictObject({
  issuer: z.string().min(1).optional(),
  callingAeTitle: z.string().min(1).optional(),
  system: z.string().min(1),
});

const patientsSchema = z.strictObject({
  /** `create` is the sandbox's: a hospital's patients are never made from images. */
  rule: z.enum(['resolve', 'create']).default('resolve'),
  /** Whose patient ids the images carry where they name no issuer. */
  identifierSystem: z.string().min(1),
  issuers: z.array(issuerRowSchema).default([]),
});

/** How a destination is asked what people there made of the reports it was told. */
const feedbackSchema = z.strictObject({
  everyMs: z.int().positive().default(30_000),
  /** Where it can only be asked report by report: for how long after a report was told. */
  days: z.int().positive().default(14),
  /** Reports looked at in one round. */
  atOnce: z.int().positive().max(1_000).default(100),
});

const fhirSchema = z.strictObject({
  kind: z.literal('fhir'),
  name: nameSchema,
  /** Base of the R4 endpoint. */
  baseUrl: url,
  tokenUrl: url,
  clientId: z.string().min(1),
  /** File with the private JWK, or a JWK set whose first key signs (ES384 or RS384). Read anew for each token. */
  keyFile: z.string().min(1),
  /** Over the scopes that a report needs, where the authorization server calls them something else. */
  scope: z.string().min(1).optional(),
  patients: patientsSchema,
  /** Whose accession numbers are under which identifier system. An issuer without a row is nobody's here. */
  accessions: z.array(issuerRowSchema).default([]),
  /** References at this server: its PACS's DICOMweb `Endpoint/…`, and the `Organization/…` that answers for the reports. */
  endpoint: z
    .string()
    .regex(/^Endpoint\/[\w.-]+$/)
    .optional(),
  organization: z
    .string()
    .regex(/^Organization\/[\w.-]+$/)
    .optional(),
  /** `auto` asks the server's CapabilityStatement. */
  plan: z.enum(['auto', 'transaction', 'sequence']).default('auto'),
  /** For one answer of the server. */
  requestTimeoutMs: z.int().positive().default(15_000),
  /** Tries while it is unavailable; with the pauses between them about a day. */
  attempts: z.int().positive().default(300),
  requestsPerSecond: z.number().positive().default(100),
  /** Reports under way at once. */
  atOnce: z.int().positive().max(64).default(4),
  feedback: z.union([z.literal('off'), feedbackSchema]).default({ everyMs: 30_000, days: 14, atOnce: 100 }),
});

const partySchema = z.strictObject({ application: z.string().min(1), facility: z.string().min(1) });

const hl7Schema = z.strictObject({
  kind: z.literal('hl7v2'),
  name: nameSchema,
  host: z.string().min(1),
  port: z.int().min(1).max(65_535),
  /** Absent: in the clear, for a protected network. PEM files; a certificate of our own where the peer asks for one. */
  tls: z
    .strictObject({
      caFile: z.string().min(1).optional(),
      certFile: z.string().min(1).optional(),
      keyFile: z.string().min(1).optional(),
      serverName: z.string().min(1).optional(),
    })
    .optional(),
  /** MSH-3 to MSH-6. */
  sending: partySchema.default({ application: 'SIGHTLINE', facility: 'SIGHTLINE' }),
  receiving: partySchema,
  /** MSH-11: production, training, debugging. */
  processingId: z.enum(['P', 'T', 'D']).default('P'),
  answerTimeoutMs: z.int().positive().default(15_000),
  /** Name of the FHIR destination that says whose a report is. */
  identity: nameSchema,
});

/** Where ADT and order systems may say what becomes of patients, over MLLP. */
const adtSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535),
  peers: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('certificates'),
      caFile: z.string().min(1),
      certFile: z.string().min(1),
      keyFile: z.string().min(1),
      names: z.array(z.string().min(1)).min(1).optional(),
    }),
    z.strictObject({ kind: z.literal('addresses'), addresses: z.array(z.string().min(1)).min(1) }),
  ]),
});

const siteSchema = z.strictObject({
  /** True where no other report of these studies exists: only then does a signature make a report final. */
  onlyReport: z.boolean().default(false),
  /** Over what the manifests say; `*` stands for every model that is not named. */
  release: z.record(z.union([modelNameSchema, z.literal('*')]), releaseSchema).default({}),
  adt: adtSchema.optional(),
  destinations: z
    .array(z.discriminatedUnion('kind', [fhirSchema, hl7Schema]))
    .min(1)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'two destinations have one name')
    .refine(
      (all) =>
        all.every(
          (one) => one.kind !== 'hl7v2' || all.some(({ kind, name }) => kind === 'fhir' && name === one.identity),
        ),
      'identity must name a destination of kind fhir',
    ),
});

/** What a hospital decides: where reports go, when, and whose patients they are about. */
export type Site = z.infer<typeof siteSchema>;

/** Its injection token. */
export const Site = Symbol('Site');

export type FhirDestinationSettings = z.infer<typeof fhirSchema>;
export type FeedbackSettings = z.infer<typeof feedbackSchema>;
export type Hl7DestinationSettings = z.infer<typeof hl7Schema>;
export type AdtSettings = z.infer<typeof adtSchema>;
export type PatientSettings = z.infer<typeof patientsSchema>;

/** The site as its file describes it, or one line that says what is wrong with the file. */
export async function readSite(
  file: string,
): Promise<{ kind: 'site'; site: Site } | { kind: 'malformed'; line: string }> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return { kind: 'malformed', line: 'SITE_FILE cannot be read' };
  const parsed = siteSchema.safeParse(parseJson(text));
  if (parsed.success) return { kind: 'site', site: parsed.data };
  const complaints = parsed.error.issues.map(({ path, message }) =>
    [path.join('.'), message].filter(Boolean).join(': '),
  );
  return { kind: 'malformed', line: `SITE_FILE is wrong: ${complaints.join('; ')}` };
}

/** When what a model says may leave the mesh. */
export function releaseOf(site: Site, model: { name: string; release: Release }): Release {
  return site.release[model.name] ?? site.release['*'] ?? model.release;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
