import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Priority } from '@sightline/contracts';
import { inTransaction, openDatabase, WorkQueue, workQueueMigrations } from '@sightline/persistence';
import type { DataSource } from 'typeorm';
import { type Postgres, startPostgres } from '../../tools/sandbox/parts/postgres.ts';

const startWithinMs = { stat: 60_000, urgent: 180_000, routine: 600_000 };

describe('the work queue', () => {
  let directory: string;
  let postgres: Postgres;
  let source: DataSource;
  let queue: WorkQueue<{ n: number }>;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'work-'));
    postgres = await startPostgres({ directory });
    const url = await postgres.createDatabase('worker');
    source = await openDatabase({ url, app: 'test', entities: [], migrations: workQueueMigrations });
    queue = new WorkQueue(source, { startWithinMs });
  });
  afterAll(async () => {
    await source?.destroy();
    await postgres?.stop();
    await rm(directory, { recursive: true, force: true });
  });
  beforeEach(() => source.query('delete from work'));

  const enqueue = (id: string, priority: Priority = 'routine', from = '') =>
    inTransaction(source, (tx) =>
      queue.enqueue(tx, {
        id,
        priority,
        source: from,
        payload: { n: 1 },
        deadline: new Date(Date.now() + 60_000),
      }),
    );
  const take = async (owner = 'a', leaseMs = 30_000) => {
    const lease = await queue.take(owner, leaseMs);
    if (lease === undefined) throw new Error('nothing to take');
    return lease;
  };
  const age = (id: string, seconds: number) =>
    source.query(`update work set enqueued_at = now() - $2 * interval '1 second' where id = $1`, [id, seconds]);

  it('gives stat before urgent before routine, and the older first among equals', async () => {
    await enqueue('routine-old');
    await enqueue('routine-new');
    await enqueue('urgent', 'urgent');
    await enqueue('stat', 'stat');
    const order = [(await take()).id, (await take()).id, (await take()).id, (await take()).id];
    expect(order).toEqual(['stat', 'urgent', 'routine-old', 'routine-new']);
    expect(await queue.take('a', 1_000)).toBeUndefined();
  });

  it('starts a routine request that would miss its cap before a stat one that will not', async () => {
    await enqueue('routine');
    await age('routine', 599);
    await enqueue('stat', 'stat');
    expect([(await take()).id, (await take()).id]).toEqual(['routine', 'stat']);
  });

  it('leaves the order alone while a routine request has time left', async () => {
    await enqueue('routine');
    await age('routine', 540);
    await enqueue('stat', 'stat');
    expect((await take()).id).toBe('stat');
  });

  it('starts the few that are past their cap at once, and says that they were late', async () => {
    await enqueue('routine');
    await age('routine', 601);
    await enqueue('stat', 'stat');
    const late = await take();
    expect(late.id).toBe('routine');
    expect(late.waited).toMatchObject({ beyondCap: true });
  });

  it('keeps stat in front where more are past their cap than there are runners, and gives those every eighth start', async () => {
    for (let n = 0; n < 20; n += 1) await enqueue(`routine-${n}`);
    await source.query(`update work set enqueued_at = enqueued_at - interval '601 seconds'`);
    for (let n = 0; n < 10; n += 1) await enqueue(`stat-${n}`, 'stat');
    await source.query('alter sequence work_take restart with 1');
    const order: string[] = [];
    for (let n = 0; n < 10; n += 1) order.push((await take()).id);
    expect(order.flatMap((id, n) => (id.startsWith('routine') ? [n] : []))).toEqual([7]);
  });

  it('lets the sources of a priority take turns, one that came late from where the others are', async () => {
    for (let n = 0; n < 6; n += 1) await enqueue(`many-${n}`, 'routine', 'MANY');
    expect([(await take()).id, (await take()).id]).toEqual(['many-0', 'many-1']);
    for (let n = 0; n < 2; n += 1) await enqueue(`few-${n}`, 'routine', 'FEW');
    const order: string[] = [];
    for (let n = 0; n < 6; n += 1) order.push((await take()).id);
    expect(order).toEqual(['many-2', 'few-0', 'many-3', 'few-1', 'many-4', 'many-5']);
  });

  it('says how long a request waited when it is started, and only then', async () => {
    await enqueue('one');
    await age('one', 5);
    const first = await take();
    expect(first.waited?.seconds).toBeGreaterThanOrEqual(5);
    expect(first.waited?.beyondCap).toBe(false);
    await queue.release(first, 0, { kind: 'unavailable', message: 'store away' });
    expect((await take()).waited).toBeUndefined();
  });

  it('counts no attempt of a request that was put back without a failure', async () => {
    await enqueue('moved');
    for (let restart = 0; restart < 3; restart += 1) await queue.release(await take(), 0);
    expect((await take()).attempt).toBe(1);
  });

  it('sweeps what ended long ago, some at a time, and nothing that is unfinished', async () => {
    for (let n = 0; n < 5; n += 1) await enqueue(`old-${n}`);
    for (let n = 0; n < 4; n += 1) {
      const lease = await take();
      await inTransaction(source, (tx) => queue.complete(tx, lease));
    }
    expect(await queue.sweep(60_000, 3)).toBe(0);
    await source.query(`update work set finished_at = now() - interval '2 minutes' where state = 'done'`);
    expect(await queue.sweep(60_000, 3)).toBe(3);
    expect(await queue.sweep(60_000, 3)).toBe(1);
    expect(await source.query('select id from work')).toEqual([{ id: 'old-4' }]);
  });

  it('holds one row for a request queued twice', async () => {
    await enqueue('once');
    await enqueue('once', 'stat');
    await take();
    expect(await queue.take('b', 1_000)).toBeUndefined();
  });

  it('never leases one request to two of many runners that ask at once', async () => {
    for (let n = 0; n < 20; n += 1) await enqueue(`r${n}`);
    const leases = await Promise.all(Array.from({ length: 30 }, (_, n) => queue.take(`runner-${n}`, 30_000)));
    const ids = leases.flatMap((lease) => (lease === undefined ? [] : [lease.id]));
    expect(new Set(ids).size).toBe(20);
    expect(ids).toHaveLength(20);
  });

  it('gives a request whose lease ran out to another, and then refuses every word of the first', async () => {
    await enqueue('slow');
    const first = await take('a', 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = await take('b');
    expect(second.id).toBe('slow');
    expect(second.attempt).toBe(2);
    expect(await queue.renew(first, 30_000)).toBe(false);
    expect(await inTransaction(source, (tx) => queue.complete(tx, first))).toBe(false);
    expect(await inTransaction(source, (tx) => queue.bury(tx, first, { kind: 'defect', message: 'x' }))).toBe(false);
    expect(await queue.release(first, 0)).toBe(false);
    expect(await inTransaction(source, (tx) => queue.complete(tx, second))).toBe(true);
    expect(await inTransaction(source, (tx) => queue.complete(tx, second))).toBe(false);
  });

  it('keeps a released request back until its time, and counts it as unfinished meanwhile', async () => {
    await enqueue('later');
    await queue.release(await take(), 60_000, { kind: 'unavailable', message: 'store away' });
    expect(await queue.take('b', 1_000)).toBeUndefined();
    expect(await queue.unfinished()).toMatchObject({ rows: { stat: 0, urgent: 0, routine: 1 } });
    await source.query('update work set not_before = now()');
    expect((await take('b')).attempt).toBe(2);
  });

  it('answers whoever scales on it: a request is one, one that waits for long is more, one that ended is none', async () => {
    const scaling = await readFile(join(import.meta.dirname, '../../k8s/base/worker/scaling.yaml'), 'utf8');
    const query = /query: >-([\s\S]*?)targetQueryValue/.exec(scaling)?.[1] ?? '';
    const asked = async () => Object.values((await source.query<Record<string, number>[]>(query))[0] ?? {})[0];
    expect(await asked()).toBe(0);
    for (const id of ['fresh', 'held', 'old', 'ended']) await enqueue(id);
    await age('old', 301);
    await source.query(`update work set state = 'done' where id = 'ended'`);
    await source.query(`update work set state = 'running' where id = 'held'`);
    expect(await asked()).toBe(1 + 1 + 4);
  });

  it('counts neither done nor buried requests as unfinished', async () => {
    await enqueue('done');
    await enqueue('dead');
    const [one, two] = [await take(), await take()];
    await inTransaction(source, (tx) => queue.complete(tx, one));
    await inTransaction(source, (tx) => queue.bury(tx, two, { kind: 'defect', message: 'x' }));
    expect(await queue.unfinished()).toEqual({ rows: { stat: 0, urgent: 0, routine: 0 }, oldestAgeSeconds: 0 });
  });
});
