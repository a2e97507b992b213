import pg from 'pg';
import type { Head, StoredRow } from './verify-chain.ts';

const pageSize = 1_000;

/** The trail as it stands at one moment, oldest first, without holding all of it. Nothing is written and no lock is taken. */
export async function readTrail<R>(
  databaseUrl: string,
  look: (rows: AsyncIterable<StoredRow>, head: Head | undefined) => Promise<R>,
): Promise<R> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await client.query('begin transaction isolation level repeatable read read only');
    const head = await client.query<Head>('select sequence::text, hash from audit_chain_head');
    return await look(pages(client), head.rows[0]);
  } finally {
    await client.end();
  }
}

async function* pages(client: pg.Client): AsyncGenerator<StoredRow> {
  let after: string | undefined;
  for (;;) {
    const { rows } = await client.query<StoredRow>(
      `select sequence::text, topic, event_id, recorded_at, entities, canonical, previous_hash, hash from audit_trail
       where $1::bigint is null or sequence > $1::bigint order by audit_trail.sequence limit ${pageSize}`,
      [after ?? null],
    );
    yield* rows;
    after = rows.at(-1)?.sequence;
    if (rows.length < pageSize || after === undefined) return;
  }
}
