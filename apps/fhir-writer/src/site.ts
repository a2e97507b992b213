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
  /** Reports that are written at once; others look ahead meanwhile. */
  atOnce: z.int().positive().max(64).default(3),
  feedback: z.union([z.literal('off'), feedbackSchema]).default({ everyMs: 30_000, days: 14, atOnce: 100 }),
});

const partySchema = z.strictObject({ application: z.string().min(1), facility: z.string().min(1) });

/** PEM files; a certificate of our own where the peer asks for one. */
const tlsSchema = z.strictObject({
  caFile: z.string().min(1).optional(),
  certFile: z.string().min(1).optional(),
  keyFile: z.string().min(1).optional(),
  serverName: z.string().min(1).optional(),
});

const hl7Schema = z.strictObject({
  kind: z.literal('hl7v2'),
  name: nameSchema,
  host: z.string().min(1),
  port: z.int().min(1).max(65_535),
  /** Absent: in the clear, for a protected network. */
  tls: tlsSchema.optional(),
  /** MSH-3 to MSH-6. */
  sending: partySchema.default({ application: 'SIGHTLINE', facility: 'SIGHTLINE' }),
  receiving: partySchema,
  /** MSH-11: production, training, debugging. */
  processingId: z.enum(['P', 'T', 'D']).default('P'),
  answerTimeoutMs: z.int().positive().default(15_000),
  /** Name of the FHIR destination that says whose a report is. */
  identity: nameSchema,
});

/** PS3.5 6.2, AE. */
const aeTitleSchema = z
  .string()
  .regex(/^(?=.*[^ ])[\x20-\x5b\x5d-\x7e]{1,16}$/, 'an AE title has 1 to 16 characters of ASCII');

const cStoreSchema = z.strictObject({
  by: z.literal('c-store'),
  host: z.string().min(1),
  port: z.int().min(1).max(65_535),
  calledAeTitle: aeTitleSchema,
  callingAeTitle: aeTitleSchema.default('SIGHTLINE'),
  /** Absent: in the clear, for a protected network. */
  tls: tlsSchema.optional(),
  /** Whether the archive is asked to answer for what it has stored: only then does it know a report. */
  storageCommitment: z.boolean().default(true),
  /** An answer to that which has not come by then is asked for anew. */
  commitmentTimeoutMs: z.int().positive().default(600_000),
});

const stowSchema = z.strictObject({
  by: z.literal('stow-rs'),
  /** Base of the DICOMweb service: `studies` is below it. */
  baseUrl: url,
  /** SMART Backend Services, as for FHIR. */
  token: z
    .strictObject({
      tokenUrl: url,
      clientId: z.string().min(1),
      keyFile: z.string().min(1),
      scope: z.string().min(1),
    })
    .optional(),
  tls: tlsSchema.optional(),
});

const dicomSchema = z.strictObject({
  kind: z.literal('dicom'),
  name: nameSchema,
  send: z.discriminatedUnion('by', [cStoreSchema, stowSchema]),
  connectTimeoutMs: z.int().positive().default(5_000),
  /** For one answer of the archive. */
  answerTimeoutMs: z.int().positive().default(15_000),
  /** Tries while it is unavailable, and of asking for commitment. */
  attempts: z.int().positive().default(300),
  /** Reports under way at once. */
  atOnce: z.int().positive().max(64).default(2),
});

/** Where archives may say on an association of their own what they answer for. */
const commitmentsSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.int().min(0).max(65_535),
  aeTitle: aeTitleSchema,
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

const siteSchema = z
  .strictObject({
    /** True where no other report of these studies exists: only then does a signature make a report final. */
    onlyReport: z.boolean().default(false),
    /** Over what the manifests say; `*` stands for every model that is not named. */
    release: z.record(z.union([modelNameSchema, z.literal('*')]), releaseSchema).default({}),
    adt: adtSchema.optional(),
    dicom: commitmentsSchema.optional(),
    destinations: z
      .array(z.discriminatedUnion('kind', [fhirSchema, hl7Schema, dicomSchema]))
      .min(1)
      .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'two destinations have one name')
      .refine(
        (all) =>
          all.every(
            (one) => one.kind !== 'hl7v2' || all.some(({ kind, name }) => kind === 'fhir' && name === one.identity),
          ),
        'identity must name a destination of kind fhir',
      ),
  })
  .refine(
    ({ dicom, destinations }) =>
      dicom === undefined || destinations.some((one) => one.kind === 'dicom' && one.send.by === 'c-store'),
    { path: ['dicom'], message: 'no destination of kind dicom sends by c-store: nobody may call' },
  );

/** What a hospital decides: where reports go, when, and whose patients they are about. */
export type Site = z.infer<typeof siteSchema>;

/** Its injection token. */
export const Site = Symbol('Site');

export type FhirDestinationSettings = z.infer<typeof fhirSchema>;
export type FeedbackSettings = z.infer<typeof feedbackSchema>;
export type Hl7DestinationSettings = z.infer<typeof hl7Schema>;
export type DicomDestinationSettings = z.infer<typeof dicomSchema>;
export type TlsSettings = z.infer<typeof tlsSchema>;
export type CommitmentsSettings = z.infer<typeof commitmentsSchema>;
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
