import { z } from 'zod';
import type { Tx } from '@sightline/persistence';
import type { TrailRecord } from './append-to-trail.ts';

export interface TrailRow {
  sequence: string;
  record: TrailRecord;
}

/** FHIR date search (R4 3.1.1.4.7): prefix, and a date or instant that stands for the whole period it names. */
const dateParameter = z
  .string()
  .regex(/^(eq|ge|gt|le|lt)?\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2}))?)?)?$/)
  .refine((text) => !Number.isNaN(Date.parse(text.replace(/^[a-z]{2}/, ''))), 'not a date of the calendar');

const repeatable = <T extends z.ZodType>(one: T) =>
  z.preprocess((value) => (value === undefined || Array.isArray(value) ? value : [value]), z.array(one).optional());

/** Parameters we know. An unknown one is an error: an auditor must never take an unfiltered list for a filtered one. */
export const trailQuerySchema = z.strictObject({
  entity: repeatable(z.string().min(1)),
  'entity:identifier': repeatable(z.string().min(1)),
  date: repeatable(dateParameter),
  _count: z.coerce.number().int().min(0).max(500).default(50),
  /** Rows before this place in the chain: pages stay put while rows are added. */
  page: z
    .string()
    .regex(/^\d{1,18}$/)
    .optional(),
  _sort: z.literal('-date').optional(),
  _format: z.string().optional(),
});

export type TrailQuery = z.infer<typeof trailQuerySchema>;

export interface TrailPage {
  total: number;
  rows: TrailRow[];
  /** `page` of the next older page, absent on the last. */
  next?: string;
}

/** Newest first. */
export async function searchTrail(tx: Pick<Tx, 'query'>, query: TrailQuery): Promise<TrailPage> {
  const { where, values } = conditions(query);
  const [counted] = await tx.query<{ total: string }[]>(
    `select count(*) as total from audit_trail where ${where}`,
    values,
  );
  const rows = await tx.query<{ sequence: string; canonical: string }[]>(
    `select sequence, canonical from audit_trail where ${where} and sequence < $${values.length + 1}
     order by sequence desc limit $${values.length + 2}`,
    [...values, query.page ?? '9223372036854775807', query._count + 1],
  );
  const shown = rows.slice(0, query._count);
  const last = shown.at(-1);
  return {
    total: Number(counted?.total ?? 0),
    rows: shown.map(toRow),
    ...(rows.length > shown.length && last !== undefined ? { next: last.sequence } : {}),
  };
}

export async function findInTrail(tx: Pick<Tx, 'query'>, sequence: string): Promise<TrailRow | undefined> {
  if (!/^[1-9]\d{0,17}$/.test(sequence)) return undefined;
  const [row] = await tx.query<{ sequence: string; canonical: string }[]>(
    'select sequence, canonical from audit_trail where sequence = $1',
    [sequence],
  );
  return row === undefined ? undefined : toRow(row);
}

function toRow({ sequence, canonical }: { sequence: string; canonical: string }): TrailRow {
  return { sequence, record: JSON.parse(canonical) as TrailRecord };
}

function conditions(query: TrailQuery): { where: string; values: unknown[] } {
  const values: unknown[] = [];
  const parts = ['true'];
  const bind = (value: unknown) => `$${values.push(value)}`;
  for (const entity of [...(query.entity ?? []), ...(query['entity:identifier'] ?? [])])
    parts.push(`entities && ${bind(entity.split(',').map(bareIdentifier))}`);
  for (const date of query.date ?? []) {
    const { prefix, from, until } = period(date);
    if (prefix === 'ge' || prefix === 'eq') parts.push(`recorded_at >= ${bind(from)}`);
    if (prefix === 'lt') parts.push(`recorded_at < ${bind(from)}`);
    if (prefix === 'gt') parts.push(`recorded_at >= ${bind(until)}`);
    if (prefix === 'le' || prefix === 'eq') parts.push(`recorded_at < ${bind(until)}`);
  }
  return { where: parts.join(' and '), values };
}

/** `urn:dicom:uid|urn:oid:1.2.3`, `urn:oid:1.2.3` and `1.2.3` name the same study. */
function bareIdentifier(token: string): string {
  return token.replace(/^[^|]*\|/, '').replace(/^urn:oid:/, '');
}

type Prefix = 'eq' | 'ge' | 'gt' | 'le' | 'lt';

/** [from, until) of what a FHIR date names. */
function period(parameter: string): { prefix: Prefix; from: string; until: string } {
  const [, prefix = 'eq', text = ''] = /^([a-z]{2})?(.*)$/.exec(parameter) ?? [];
  const from = new Date(text);
  const until = new Date(from);
  if (text.length === 4) until.setUTCFullYear(from.getUTCFullYear() + 1);
  else if (text.length === 7) until.setUTCMonth(from.getUTCMonth() + 1);
  else if (text.length === 10) until.setUTCDate(from.getUTCDate() + 1);
  else if (/T\d{2}:\d{2}(Z|[+-])/.test(text)) until.setTime(from.getTime() + 60_000);
  else until.setTime(from.getTime() + (text.includes('.') ? 1 : 1_000));
  return { prefix: prefix as Prefix, from: from.toISOString(), until: until.toISOString() };
}
