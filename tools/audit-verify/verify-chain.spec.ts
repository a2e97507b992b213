import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type StoredRow, verifyChain } from './verify-chain.ts';

function chain(length: number): StoredRow[] {
  const rows: StoredRow[] = [];
  for (let n = 1; n <= length; n += 1) {
    const event = { id: `audit/x/${n}`, subject: '1.2', recordedAt: '2026-01-01T00:00:00Z', entities: [] };
    const canonical = JSON.stringify({ event, topic: 'audit.recorded.v1' });
    const previous = rows.at(-1)?.hash ?? '0'.repeat(64);
    const hash = createHash('sha256').update(previous).update(canonical).digest('hex');
    rows.push({
      sequence: String(n),
      topic: 'audit.recorded.v1',
      event_id: event.id,
      recorded_at: new Date(event.recordedAt),
      entities: ['1.2'],
      canonical,
      previous_hash: previous,
      hash,
    });
  }
  return rows;
}

async function* each(rows: StoredRow[]): AsyncGenerator<StoredRow> {
  yield* rows;
}

const headOf = (rows: StoredRow[]) => ({
  sequence: rows.at(-1)?.sequence ?? '0',
  hash: rows.at(-1)?.hash ?? '0'.repeat(64),
});

describe('verifying the chain', () => {
  it('proves an empty and a whole chain', async () => {
    expect(await verifyChain(each([]), headOf([]))).toMatchObject({ kind: 'intact', rows: 0 });
    const rows = chain(5);
    expect(await verifyChain(each(rows), headOf(rows))).toEqual({ kind: 'intact', rows: 5, head: headOf(rows) });
  });

  it('names a row that was rewritten with its own hash, at the row after it', async () => {
    const rows = chain(4);
    const [row] = rows.splice(1, 1);
    if (row === undefined) throw new Error('no row');
    const canonical = row.canonical.replace('1.2', '1.3');
    const hash = createHash('sha256').update(row.previous_hash).update(canonical).digest('hex');
    rows.splice(1, 0, { ...row, canonical, hash, entities: ['1.3'] });
    expect(await verifyChain(each(rows), headOf(rows))).toMatchObject({ kind: 'broken', sequence: '3' });
  });

  it('names the first row missing from the end, which only the head can tell', async () => {
    const rows = chain(4);
    expect(await verifyChain(each(rows.slice(0, 2)), headOf(rows))).toMatchObject({ kind: 'broken', sequence: '3' });
  });

  it('names a whole chain written anew, by its head', async () => {
    const rows = chain(3);
    const head = { sequence: '3', hash: 'f'.repeat(64) };
    expect(await verifyChain(each(rows), head)).toMatchObject({ kind: 'broken', sequence: '3' });
  });
});
