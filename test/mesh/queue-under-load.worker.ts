import { setTimeout as pause } from 'node:timers/promises';
import type { InferenceRequested } from '@sightline/contracts';
import { Runner } from '@sightline/inference';
import { inTransaction, openDatabase, PostgresOutbox, WorkQueue, workQueueMigrations } from '@sightline/persistence';
import { createLogger } from '@sightline/platform';

/** What a replica under load is told, as JSON in its one argument. */
export interface LoadedWorker {
  url: string;
  owner: string;
  concurrency: number;
  leaseMs: number;
  /** Of answering one request. */
  answerMs: number;
  graceMs: number;
}

const told = JSON.parse(process.argv[2] ?? '') as LoadedWorker;
const log = createLogger('xray-worker', 'info');
const startWithinMs = { stat: 60_000, urgent: 180_000, routine: 600_000 };
const source = await openDatabase({ url: told.url, app: told.owner, entities: [], migrations: workQueueMigrations });
const ledger = {
  app: 'xray-worker',
  queue: new WorkQueue<InferenceRequested>(source, { startWithinMs }),
  outbox: new PostgresOutbox('xray-worker'),
  transaction: (work: Parameters<typeof inTransaction<void>>[1]) => inTransaction(source, work),
} as const;

const runner = new Runner(
  ledger,
  async (_request, { signal }) => {
    await pause(told.answerMs, undefined, { signal });
    return { kind: 'answered', outcome: { kind: 'skipped', reason: 'age-out-of-range', detail: '' }, images: [] };
  },
  log,
  { ...told, timeLimitMs: 60_000, attempts: 5, backOffMs: 50, idleMs: 20 },
);
process.once('SIGTERM', () => {
  void runner.stop(told.graceMs).then(() => source.destroy());
});
runner.start();
process.stdout.write('started\n');
