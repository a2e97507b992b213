import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { type InferenceRequested, type Priority, topics } from '@sightline/contracts';
import { uidFromUuid } from '@sightline/dicom';
import { openObjectStore } from '@sightline/object-store';
import { type DataSource, inTransaction, openDatabase, WorkQueue, workQueueMigrations } from '@sightline/persistence';
import { type Postgres, startPostgres } from '../../tools/sandbox/parts/postgres.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { waitFor } from '../support/wait-for.ts';
import { greyXray, requestFor } from '../support/xray-request.ts';
import type { LoadedWorker } from './queue-under-load.worker.ts';

jest.setTimeout(300_000);

const repository = join(import.meta.dirname, '../..');
const script = 'test/mesh/queue-under-load.worker.ts';
const concurrency = 4;

interface Row {
  id: string;
  state: string;
  priority: number;
  source: string;
  attempt: number;
  owner: string | null;
  enqueued_at: Date;
  started_at: Date | null;
}

describe('the queue under load, with replicas that come and go', () => {
  let directory: TemporaryDirectory;
  let postgres: Postgres;
  let source: DataSource;
  let queue: WorkQueue<InferenceRequested>;
  let pattern: InferenceRequested;
  const replicas = new Map<string, ChildProcess>();

  beforeAll(async () => {
    directory = await temporaryDirectory('queue-under-load');
    postgres = await startPostgres({ directory: join(directory.path, 'postgres') });
    const url = await postgres.createDatabase('worker');
    source = await openDatabase({ url, app: 'test', entities: [], migrations: workQueueMigrations, poolSize: 4 });
    queue = new WorkQueue(source, { startWithinMs: { stat: 60_000, urgent: 180_000, routine: 600_000 } });
    const objects = openObjectStore(`file://${join(directory.path, 'objects')}`);
    pattern = await requestFor(objects, [greyXray(10)], { name: 'bright', version: '1.0.0' });
  });
  afterEach(async () => {
    await Promise.all([...replicas.keys()].map((name) => end(name, 'SIGKILL')));
    await source.query('truncate work, outbox');
  });
  afterAll(async () => {
    await source?.destroy();
    await postgres?.stop();
    await directory?.remove();
  });

  async function start(owner: string, told: Partial<LoadedWorker> = {}): Promise<void> {
    const url = postgres.urlFor('worker');
    const all: LoadedWorker = { url, owner, concurrency, leaseMs: 3_000, answerMs: 150, graceMs: 10_000, ...told };
    const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(all)], {
      cwd: repository,
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    replicas.set(owner, child);
    let said = '';
    child.stdout.on('data', (chunk) => (said += String(chunk)));
    await waitFor(() => said.includes('started'), { what: owner, timeout: 90_000 });
  }

  /** Answers its exit code; null where the signal ended it. */
  async function end(owner: string, signal: NodeJS.Signals): Promise<number | null> {
    const child = replicas.get(owner);
    replicas.delete(owner);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exited = once(child, 'exit');
    child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  }

  async function ask(count: number, priority: Priority, from: string): Promise<string[]> {
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const study = { ...pattern.study, studyInstanceUid: uidFromUuid(randomUUID()), callingAeTitle: from };
      const payload = { ...pattern, study, priority };
      const id = topics['inference.requested.xray.v1'].id(payload);
      const deadline = new Date(payload.deadline);
      await inTransaction(source, (tx) => queue.enqueue(tx, { id, priority, source: from, payload, deadline }));
      ids.push(id);
    }
    return ids;
  }

  const rows = () =>
    source.query<Row[]>(
      'select id, state, priority, source, attempt, owner, enqueued_at, started_at from work order by started_at',
    );
  const ended = async (count: number) =>
    waitFor(async () => (await rows()).filter(({ state }) => state === 'done').length >= count, {
      what: `${count} answers`,
      timeout: 120_000,
      interval: 50,
    });
  const said = async (topic: string) => {
    const found = await source.query<{ event_id: string }[]>('select event_id from outbox where topic = $1', [topic]);
    return found.map(({ event_id: id }) => id);
  };

  it('answers every request once and in order, none lost', async () => {
    await Promise.all(['one', 'two', 'three'].map((owner) => start(owner)));
    const asked = await ask(150, 'routine', 'MANY');
    await ended(20);
    const few = await ask(8, 'routine', 'FEW');
    const stat = await ask(20, 'stat', 'EMERGENCY');
    asked.push(...few, ...stat);
    await end('one', 'SIGKILL');
    const four = start('four');
    await ended(60);
    asked.push(...(await ask(20, 'urgent', 'MANY')), ...(await ask(100, 'routine', 'MANY')));
    expect(await end('two', 'SIGTERM')).toBe(0);
    await four;
    await Promise.all([end('three', 'SIGKILL'), start('five')]);
    await ended(150);
    asked.push(...(await ask(20, 'stat', 'EMERGENCY')));
    await Promise.all([start('six'), end('four', 'SIGKILL')]);
    await ended(asked.length);

    const all = await rows();
    expect(all.map(({ id }) => id).toSorted()).toEqual(asked.toSorted());
    expect(all.filter(({ state }) => state !== 'done')).toEqual([]);
    for (const topic of ['inference.completed.v1', 'audit.recorded.v1']) {
      const events = await said(topic);
      expect(events).toHaveLength(asked.length);
      expect(new Set(events).size).toBe(asked.length);
    }
    // Three were killed with their hands full; nothing else was started twice.
    expect(all.filter(({ attempt }) => attempt > 1).length).toBeLessThanOrEqual(3 * concurrency);

    // A row is seen a moment after its time stamp, and each hand may have been reaching out just then.
    const reaching = 3 * concurrency;
    const startedInFrontOf = (row: Row, others: Row[]) =>
      others.filter(
        ({ started_at: at }) => at !== null && row.started_at !== null && at > row.enqueued_at && at < row.started_at,
      ).length;
    const lower = (row: Row) => all.filter(({ priority }) => priority > row.priority);
    for (const row of all.filter(({ priority }) => priority < 2)) {
      expect(startedInFrontOf(row, lower(row))).toBeLessThanOrEqual(reaching);
    }
    const many = all.filter((row) => row.source === 'MANY' && row.priority === 2);
    for (const [n, row] of all.filter(({ id }) => few.includes(id)).entries()) {
      expect(startedInFrontOf(row, many)).toBeLessThanOrEqual(n + 1 + reaching);
    }
  });

  it('takes nothing more once told to stop, and ends what it has in hand within the grace', async () => {
    await ask(12, 'routine', 'A');
    await start('stops', { concurrency: 2, answerMs: 2_000 });
    await waitFor(async () => (await rows()).filter(({ state }) => state === 'running').length === 2);
    expect(await end('stops', 'SIGTERM')).toBe(0);
    const all = await rows();
    const done = all.filter(({ state }) => state === 'done').length;
    expect(all.filter(({ state }) => state === 'queued')).toHaveLength(12 - done);
    expect(all.filter(({ attempt }) => attempt > 0)).toHaveLength(done);
    expect(await said('inference.completed.v1')).toHaveLength(done);
    expect(done).toBeLessThan(12);
  });

  it('puts back what does not end within the grace, for another that answers it', async () => {
    await ask(2, 'routine', 'A');
    await start('stops', { concurrency: 2, answerMs: 60_000, graceMs: 0 });
    await waitFor(async () => (await rows()).filter(({ state }) => state === 'running').length === 2);
    expect(await end('stops', 'SIGTERM')).toBe(0);
    expect((await rows()).map(({ state, owner, attempt }) => ({ state, owner, attempt }))).toEqual(
      Array.from({ length: 2 }, () => ({ state: 'queued', owner: null, attempt: 0 })),
    );
    await start('heir');
    await ended(2);
    expect(await said('inference.completed.v1')).toHaveLength(2);
  });
});
