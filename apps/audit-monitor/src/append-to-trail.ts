import { createHash } from 'node:crypto';
import type { AuditRecorded, ReviewRecorded } from '@sightline/contracts';
import type { Tx } from '@sightline/persistence';
import { canonicalJson } from './canonical-json.ts';

/** What the trail keeps: the message as it was said. */
export type TrailRecord =
  | { topic: 'audit.recorded.v1'; event: AuditRecorded }
  | { topic: 'review.recorded.v1'; event: ReviewRecorded };

/** hash = sha256(previous hash as 64 hex digits ‖ canonical JSON), hex. */
export function chainHash(previousHash: string, canonical: string): string {
  return createHash('sha256').update(previousHash).update(canonical).digest('hex');
}

/**
 * Appends one event to the chain, once: an event whose id is there already leaves the trail as it is.
 *
 * The head's row is locked first, so that appends of all replicas stand in one line and no two rows share a predecessor.
 */
export async function appendToTrail(tx: Tx, id: string, record: TrailRecord): Promise<void> {
  const [head] = await tx.query<{ sequence: string; hash: string }[]>(
    'select sequence, hash from audit_chain_head for update',
  );
  if (head === undefined) throw new Error('the audit chain has lost its head');
  const known = await tx.query<unknown[]>('select 1 from audit_trail where event_id = $1', [id]);
  if (known.length > 0) return;

  const sequence = (BigInt(head.sequence) + 1n).toString();
  const canonical = canonicalJson(record);
  const hash = chainHash(head.hash, canonical);
  await tx.query(
    `insert into audit_trail (sequence, topic, event_id, recorded_at, entities, canonical, previous_hash, hash)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [sequence, record.topic, id, record.event.recordedAt, entitiesOf(record), canonical, head.hash, hash],
  );
  await tx.query('update audit_chain_head set sequence = $1, hash = $2', [sequence, hash]);
}

/** Everything the event is about, by identifier, for searching. */
function entitiesOf(record: TrailRecord): string[] {
  switch (record.topic) {
    case 'audit.recorded.v1':
      return unique([record.event.subject, ...record.event.entities.map(({ id }) => id)]);
    case 'review.recorded.v1':
      return unique([record.event.studyInstanceUid, record.event.report.url]);
  }
}

/** PostgreSQL's text holds no NUL. */
function unique(ids: string[]): string[] {
  return [...new Set(ids.map((id) => id.replaceAll('\0', '\ufffd')))];
}
