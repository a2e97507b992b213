import { createHash } from 'node:crypto';
import { type AuditRecorded, type ReviewRecorded, topicDefinition } from '@sightline/contracts';

/** A row as the database gives it: numbers and instants as text. */
export interface StoredRow {
  sequence: string;
  topic: string;
  event_id: string;
  recorded_at: Date;
  entities: string[];
  canonical: string;
  previous_hash: string;
  hash: string;
}

export interface Head {
  sequence: string;
  hash: string;
}

export type Verdict =
  | { kind: 'intact'; rows: number; head: Head }
  | { kind: 'broken'; sequence: string; why: string; rowsBefore: number };

const beforeTheFirst = '0'.repeat(64);

/**
 * Proves a trail row by row, in order of sequence: places without a gap, each row's predecessor, its hash over what it says, and
 * the searchable columns against what it says. Then the head, which misses rows gone from the end.
 *
 * Written apart from the app that appends: what the app does wrong is not repeated here.
 */
export async function verifyChain(rows: AsyncIterable<StoredRow>, head: Head | undefined): Promise<Verdict> {
  let last: Head = { sequence: '0', hash: beforeTheFirst };
  let count = 0;
  for await (const row of rows) {
    const expected = (BigInt(last.sequence) + 1n).toString();
    const why = whatIsBroken(row, expected, last.hash);
    if (why !== undefined) return { kind: 'broken', sequence: expected, why, rowsBefore: count };
    last = { sequence: row.sequence, hash: row.hash };
    count += 1;
  }
  const next = (BigInt(last.sequence) + 1n).toString();
  if (head === undefined)
    return { kind: 'broken', sequence: next, why: 'the head of the chain is gone', rowsBefore: count };
  if (BigInt(head.sequence) > BigInt(last.sequence))
    return { kind: 'broken', sequence: next, why: 'it is missing: the head knows of later rows', rowsBefore: count };
  if (head.sequence !== last.sequence || head.hash !== last.hash)
    return { kind: 'broken', sequence: last.sequence, why: 'the head of the chain is another row', rowsBefore: count };
  return { kind: 'intact', rows: count, head: last };
}

function whatIsBroken(row: StoredRow, expected: string, previousHash: string): string | undefined {
  if (row.sequence !== expected) return `it is missing: row ${row.sequence} stands in its place`;
  if (row.previous_hash !== previousHash) return 'it does not follow the row before it';
  const hash = createHash('sha256').update(row.previous_hash).update(row.canonical).digest('hex');
  if (row.hash !== hash) return 'its hash is not that of what it says';
  return whatDisagrees(row);
}

/** The columns that repeat the event, against the event. */
function whatDisagrees(row: StoredRow): string | undefined {
  const said = JSON.parse(row.canonical) as
    | { topic: 'audit.recorded.v1'; event: AuditRecorded }
    | { topic: 'review.recorded.v1'; event: ReviewRecorded };
  if (row.topic !== said.topic) return 'its topic is not what it says';
  if (row.event_id !== topicDefinition(said.topic).id(said.event)) return 'its event id is not what it says';
  if (row.recorded_at.getTime() !== new Date(said.event.recordedAt).getTime()) return 'its time is not what it says';
  const entities =
    said.topic === 'audit.recorded.v1'
      ? [said.event.subject, ...said.event.entities.map(({ id }) => id)]
      : [said.event.studyInstanceUid, said.event.report.url];
  const searchable = new Set(entities.map((id) => id.replaceAll('\0', '\ufffd')));
  if (row.entities.length !== searchable.size || !row.entities.every((id) => searchable.has(id)))
    return 'its entities are not what it says';
  return undefined;
}
