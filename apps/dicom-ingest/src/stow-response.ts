import type { Received, Refusal } from './receive-instance.ts';

/** Failure and warning reasons of Store Instances (PS3.18 Table I.2-2), as numbers. */
const reasonOfRefusal: Readonly<Record<Refusal, number>> = {
  truncated: 0xc000,
  malformed: 0xc000,
  'no-identity': 0xc000,
  'unsupported-sop-class': 0x0122,
  'unsupported-transfer-syntax': 0xc122,
  'sop-class-mismatch': 0xa900,
  'sop-instance-mismatch': 0xc000,
  'other-study': 0xa900,
  'too-large': 0xa700,
};

const outOfResources = 0xa700;
const coercionOfDataElements = 0xb000;

/** Refusals that say that the bytes themselves are no good. */
const badSyntax: ReadonlySet<Refusal> = new Set(['truncated', 'malformed', 'no-identity']);

type Attribute = { vr: string; Value?: unknown[] };
type JsonDataset = Record<string, Attribute>;

function reference(received: Received): JsonDataset | undefined {
  if (received.header === undefined) return undefined;
  return {
    '00081150': { vr: 'UI', Value: [received.header.sopClassUid] },
    '00081155': { vr: 'UI', Value: [received.header.sopInstanceUid] },
  };
}

function referenced(received: Received): JsonDataset {
  const warning: JsonDataset =
    received.kind === 'kept-first' ? { '00081196': { vr: 'US', Value: [coercionOfDataElements] } } : {};
  return { ...reference(received), '00081190': { vr: 'UR' }, ...warning };
}

function failed(received: Received): JsonDataset {
  const reason = received.kind === 'refused' ? reasonOfRefusal[received.refusal] : outOfResources;
  return { ...reference(received), '00081197': { vr: 'US', Value: [reason] } };
}

function httpStatus(results: readonly Received[]): number {
  const kept = results.filter(({ kind }) => kind === 'stored' || kind === 'kept-first');
  if (kept.length === results.length) return kept.every(({ kind }) => kind === 'stored') ? 200 : 202;
  if (kept.length > 0) return 202;
  if (results.some(({ kind }) => kind === 'unavailable')) return 503;
  const refusals = results.flatMap((result) => (result.kind === 'refused' ? [result.refusal] : []));
  if (refusals.every((refusal) => refusal === 'too-large')) return 413;
  return refusals.every((refusal) => badSyntax.has(refusal)) ? 400 : 409;
}

function sequence(tag: string, items: JsonDataset[]): JsonDataset {
  return items.length === 0 ? {} : { [tag]: { vr: 'SQ', Value: items } };
}

/**
 * The answer to Store Instances (PS3.18 10.5.3): 200 all stored, 202 not all or with warnings, 400 bad bytes, 409 refused, 413 too
 * large, 503 could not be stored now. Instances that cannot be named are told in Other Failures Sequence.
 */
export function stowResponse(results: readonly Received[]): { status: number; body: JsonDataset } {
  const kept = results.filter(({ kind }) => kind === 'stored' || kind === 'kept-first');
  const others = results.filter(({ kind }) => kind === 'refused' || kind === 'unavailable');
  return {
    status: httpStatus(results),
    body: {
      '00081190': { vr: 'UR' },
      ...sequence('00081198', others.filter(({ header }) => header !== undefined).map(failed)),
      ...sequence('00081199', kept.map(referenced)),
      ...sequence('0008119A', others.filter(({ header }) => header === undefined).map(failed)),
    },
  };
}
