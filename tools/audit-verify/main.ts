import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findDatabase } from './find-database.ts';
import { readTrail } from './read-trail.ts';
import { type Head, verifyChain } from './verify-chain.ts';

// Proves the audit trail from its database. Exit code: 0 intact, 1 broken, 2 could not look.

const { values } = parseArgs({
  options: { 'database-url': { type: 'string' }, head: { type: 'string' }, json: { type: 'boolean', default: false } },
});

const databaseUrl = await findDatabase(values['database-url'], join(import.meta.dirname, '../../.sandbox'));
if (databaseUrl === undefined) {
  stop('no database: give --database-url or DATABASE_URL, or start the sandbox first');
}

try {
  const verdict = await readTrail(databaseUrl, async (rows, head) => {
    const noted = parseHead(values.head);
    let wasThere = noted === undefined || noted.sequence === '0';
    const watched = (async function* () {
      for await (const row of rows) {
        wasThere ||= row.sequence === noted?.sequence && row.hash === noted.hash;
        yield row;
      }
    })();
    const proved = await verifyChain(watched, head);
    return proved.kind === 'intact' && noted !== undefined && !wasThere
      ? { kind: 'broken' as const, sequence: noted.sequence, why: 'it is not the head noted earlier', rowsBefore: 0 }
      : proved;
  });
  if (values.json) console.log(JSON.stringify(verdict));
  else if (verdict.kind === 'intact')
    console.log(
      `audit trail intact: ${verdict.rows} rows verified, head ${verdict.head.sequence}:${verdict.head.hash}`,
    );
  else
    console.log(
      `audit trail BROKEN at row ${verdict.sequence}: ${verdict.why} (${verdict.rowsBefore} rows before it hold)`,
    );
  process.exitCode = verdict.kind === 'intact' ? 0 : 1;
} catch (error) {
  stop(error instanceof Error ? error.message : String(error));
}

/** A head noted at an earlier verification, `SEQUENCE:HASH`: a trail rewritten as a whole does not hold it. */
function parseHead(text: string | undefined): Head | undefined {
  if (text === undefined) return undefined;
  const [, sequence, hash] = /^(\d+):([0-9a-f]{64})$/.exec(text) ?? [];
  if (sequence === undefined || hash === undefined) stop('--head must be SEQUENCE:HASH');
  return { sequence, hash };
}

function stop(line: string): never {
  console.error(`audit:verify: ${line}`);
  process.exit(2);
}
