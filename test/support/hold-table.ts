import pg from 'pg';
import { waitFor } from './wait-for.ts';

/** A table whose writers wait: an app stands still right before what it is about to commit. */
export interface HeldTable {
  /** Resolves once somebody waits for the table. */
  blocked(): Promise<void>;
  release(): Promise<void>;
}

/** Takes the table in SHARE mode: reads pass, inserts and updates wait (PostgreSQL 13.3.1). */
export async function holdTable(databaseUrl: string, table: string): Promise<HeldTable> {
  const client = new pg.Client({ connectionString: databaseUrl });
  // A test that fails while it holds the table ends with the database: what failed is what is told.
  client.on('error', () => undefined);
  await client.connect();
  await client.query('begin');
  await client.query(`lock table ${client.escapeIdentifier(table)} in share mode`);
  return {
    async blocked() {
      await waitFor(
        async () => {
          const { rowCount } = await client.query(
            'select 1 from pg_locks where relation = $1::regclass and not granted',
            [table],
          );
          return (rowCount ?? 0) > 0;
        },
        { timeout: 60_000, interval: 20 },
      );
    },
    async release() {
      await client.query('commit');
      await client.end();
    },
  };
}
