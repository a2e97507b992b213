import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { InferenceCompleted, InferenceRequested } from '@sightline/contracts';
import { topics } from '@sightline/contracts';
import {
  type AnswerRequest,
  answerRequest,
  loadModel,
  type Model,
  ProcessPixelReader,
  ProcessRuntime,
  Runner,
  type RunnerOptions,
} from '@sightline/inference';
import { type ObjectStore, openObjectStore } from '@sightline/object-store';
import {
  type DataSource,
  inTransaction,
  openDatabase,
  PostgresOutbox,
  WorkQueue,
  workQueueMigrations,
} from '@sightline/persistence';
import { createLogger } from '@sightline/platform';
import { type Postgres, startPostgres } from '../../../tools/sandbox/parts/postgres.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { childsChest, greyXray, requestFor } from '../../../test/support/xray-request.ts';
import { readChestXray } from '../src/pipelines/read-chest-xray.ts';

const silent = createLogger('test', 'error', { write: () => undefined });
const models = join(import.meta.dirname, '../../../libs/inference/test-models');
const startWithinMs = { stat: 60_000, urgent: 180_000, routine: 600_000 };
const reference = ({ manifest: { name, version } }: Model) => ({ name, version });

interface Replica {
  runner: Runner;
  runtime: ProcessRuntime;
  source: DataSource;
  stop: (graceMs?: number) => Promise<void>;
}

jest.setTimeout(200_000);

describe('runners of one queue', () => {
  let directory: TemporaryDirectory;
  let postgres: Postgres;
  let objects: ObjectStore;
  let source: DataSource;
  let bright: Model;
  let slow: Model;
  const replicas: Replica[] = [];
  /** How long answering a study takes beyond computing it, in ms: however busy this machine is, a lease is shorter. */
  const lasting = new Map<string, number>();

  beforeAll(async () => {
    directory = await temporaryDirectory('runner');
    postgres = await startPostgres({ directory: join(directory.path, 'postgres') });
    source = await openSource(await postgres.createDatabase('worker'));
    objects = openObjectStore(`file://${join(directory.path, 'objects')}`);
    [bright, slow] = await Promise.all([modelNamed('bright'), modelNamed('slow')]);
  });

  afterEach(async () => {
    await Promise.all(replicas.splice(0).map(({ stop }) => stop()));
    await source.query('truncate work, outbox');
  });

  afterAll(async () => {
    await source?.destroy();
    await postgres?.stop();
    await directory?.remove();
  });

  const openSource = (url: string) =>
    openDatabase({ url, app: 'test', entities: [], migrations: workQueueMigrations, poolSize: 4 });

  async function modelNamed(name: string): Promise<Model> {
    const loaded = await loadModel(join(models, name));
    if (loaded.kind === 'refused') throw new Error(loaded.line);
    return loaded.model;
  }

  const queueOf = (on: DataSource) => new WorkQueue<InferenceRequested>(on, { startWithinMs });

  async function replica(owner: string, options: Partial<RunnerOptions> = {}): Promise<Replica> {
    const own = await openSource(postgres.urlFor('worker'));
    const runtime = new ProcessRuntime();
    const pixels = new ProcessPixelReader();
    const ledger = {
      app: 'xray-worker',
      queue: queueOf(own),
      outbox: new PostgresOutbox('xray-worker'),
      transaction: (work: Parameters<typeof inTransaction<void>>[1]) => inTransaction(own, work),
    };
    const modelOf = ({ name, version }: InferenceRequested['model']) =>
      [bright, slow].find(({ manifest }) => manifest.name === name && manifest.version === version);
    const workplace = { pipelineOf: () => readChestXray, pixels, runtime, objects };
    const answer: AnswerRequest = async (request, attempt) => {
      await pause(lasting.get(request.study.studyInstanceUid) ?? 0, undefined, { signal: attempt.signal });
      return answerRequest({ ...workplace, model: modelOf(request.model) }, request, attempt);
    };
    const runner = new Runner(ledger, answer, silent, {
      owner,
      concurrency: 1,
      leaseMs: 6_000,
      timeLimitMs: 60_000,
      attempts: 3,
      backOffMs: 50,
      idleMs: 20,
      ...options,
    });
    runner.start();
    const stop = async (graceMs = 0): Promise<void> => {
      await runner.stop(graceMs);
      await Promise.all([runtime.close(), pixels.close()]);
      if (own.isInitialized) await own.destroy();
    };
    const made = { runner, runtime, source: own, stop };
    replicas.push(made);
    return made;
  }

  async function enqueue(request: InferenceRequested): Promise<string> {
    const id = topics['inference.requested.xray.v1'].id(request);
    const row = { id, priority: request.priority, source: '', payload: request, deadline: new Date(request.deadline) };
    await inTransaction(source, (tx) => queueOf(source).enqueue(tx, row));
    return id;
  }

  const ask = async (
    model: Model,
    grey: number,
    { values = childsChest, ms = 0 } = {},
  ): Promise<InferenceRequested> => {
    const request = await requestFor(objects, [greyXray(grey, values)], reference(model));
    lasting.set(request.study.studyInstanceUid, ms);
    await enqueue(request);
    return request;
  };

  async function results(request: InferenceRequested): Promise<InferenceCompleted[]> {
    const rows = await source.query<{ value: string }[]>(
      `select value from outbox where topic = 'inference.completed.v1' and key = $1`,
      [request.study.studyInstanceUid],
    );
    return rows.map(({ value }) => JSON.parse(value) as InferenceCompleted);
  }

  const rowOf = async (request: InferenceRequested) => {
    const [row] = await source.query<{ state: string; attempt: number; owner: string; token: string }[]>(
      'select state, attempt, owner, token from work where id = $1',
      [topics['inference.requested.xray.v1'].id(request)],
    );
    if (row === undefined) throw new Error('no such request');
    return row;
  };

  const done = (request: InferenceRequested) =>
    waitFor(async () => ['done', 'dead'].includes((await rowOf(request)).state), {
      what: 'the request',
      timeout: 60_000,
    });

  const running = (request: InferenceRequested) =>
    waitFor(async () => (await rowOf(request)).state === 'running', {
      what: 'the taking',
      interval: 20,
      timeout: 60_000,
    });

  it('answers with findings, their pictures and an audit event, all in one transaction', async () => {
    await replica('one');
    const request = await ask(bright, 192);
    await done(request);
    const [completed] = await results(request);
    expect(completed?.outcome).toMatchObject({
      kind: 'findings',
      findings: [{ key: 'pneumonia', presence: 'present', laterality: 'unknown' }],
      artefacts: [
        { kind: 'key-image', width: 48, height: 32 },
        { kind: 'heat-map', findingKey: 'pneumonia', width: 48, height: 32 },
      ],
    });
    if (completed?.outcome.kind !== 'findings') throw new Error('no findings');
    for (const { objectKey } of completed.outcome.artefacts)
      expect((await objects.read(objectKey)).length).toBeGreaterThan(50);
    // Whoever tells of the image reads it there.
    const [instance] = request.instances;
    expect(completed.images).toMatchObject([
      { sopInstanceUid: instance?.sopInstanceUid, objectKey: instance?.objectKey },
    ]);
    const audits = await source.query<{ value: string }[]>(
      `select value from outbox where topic = 'audit.recorded.v1'`,
    );
    expect(audits.map(({ value }) => JSON.parse(value).type.code)).toEqual(['inference-completed']);
  });

  it('runs no request to two results with two replicas and a third that joins during a long inference', async () => {
    await Promise.all([replica('one'), replica('two')]);
    const requests: InferenceRequested[] = [];
    // Longer than a lease, so that only renewal keeps the third from taking what the others have.
    for (const ms of [10_000, 10_000, 0, 0, 0]) requests.push(await ask(bright, 10, { ms }));
    await Promise.all(requests.slice(0, 2).map(running));
    await replica('three');
    await Promise.all(requests.map(done));
    for (const request of requests) {
      expect(await results(request)).toHaveLength(1);
      expect(await rowOf(request)).toMatchObject({ state: 'done', attempt: 1 });
    }
    const owners = new Set(await Promise.all(requests.map(async (request) => (await rowOf(request)).owner)));
    expect(owners).toContain('three');
  });

  it('throws an answer away whose lease went to another, and records the other', async () => {
    await replica('one');
    const request = await ask(bright, 10, { ms: 4_000 });
    await running(request);
    await source.query(
      `update work set owner = 'thief', token = token + 1, leased_until = now() + interval '9 seconds'`,
    );
    await pause(7_000);
    expect(await results(request)).toEqual([]);
    await done(request);
    expect(await results(request)).toHaveLength(1);
    expect(await rowOf(request)).toMatchObject({ attempt: 2, state: 'done' });
  });

  it('hands the request of a runner that died to another, once', async () => {
    const dies = await replica('dies');
    const request = await ask(bright, 10, { ms: 2_000 });
    await running(request);
    // As SIGKILL would: neither result nor word of farewell reaches the database.
    await dies.source.destroy();
    await replica('heir');
    await done(request);
    expect(await results(request)).toHaveLength(1);
    expect(await rowOf(request)).toMatchObject({ owner: 'heir', attempt: 2 });
  });

  it('puts a request back when it must stop before the answer, and gives the answer when there is time', async () => {
    const stops = await replica('stops');
    const long = await ask(bright, 10, { ms: 60_000 });
    await running(long);
    await stops.stop(100);
    replicas.splice(0);
    expect(await rowOf(long)).toMatchObject({ state: 'queued' });
    await source.query('truncate work');
    const waits = await replica('waits');
    const short = await ask(bright, 10, { ms: 2_000 });
    await running(short);
    await waits.stop(60_000);
    replicas.splice(0);
    expect(await results(short)).toHaveLength(1);
  });

  it('has as many requests in hand as it has hands, each under a lease of its own, and never more', async () => {
    const requests: InferenceRequested[] = [];
    for (let n = 0; n < 8; n += 1) requests.push(await ask(bright, 10, { ms: 700 }));
    await replica('one', { concurrency: 3 });
    const seen: number[] = [];
    await waitFor(
      async () => {
        // One statement: what runs at one moment.
        const [now] = await source.query<{ running: number; done: number }[]>(
          `select count(*) filter (where state = 'running')::int as running,
                  count(*) filter (where state = 'done')::int as done from work`,
        );
        seen.push(now?.running ?? 0);
        return now?.done === requests.length;
      },
      { what: 'all answers', interval: 20, timeout: 60_000 },
    );
    expect(Math.max(...seen)).toBe(3);
    for (const request of requests) expect(await results(request)).toHaveLength(1);
  });

  it('keeps what becomes of one request from the others in hand', async () => {
    await replica('one', { concurrency: 3, timeLimitMs: 20_000, attempts: 1 });
    const stolen = await ask(bright, 10, { ms: 4_000 });
    const late = await ask(bright, 10, { ms: 60_000 });
    const fine = await ask(bright, 10, { ms: 3_000 });
    await Promise.all([stolen, late, fine].map(running));
    await source.query(
      `update work set token = token + 1, attempt = 0, leased_until = now() + interval '1 minute' where id = $1`,
      [topics['inference.requested.xray.v1'].id(stolen)],
    );
    await Promise.all([late, fine].map(done));
    expect((await results(fine))[0]?.outcome.kind).toBe('findings');
    expect((await results(late))[0]?.outcome).toMatchObject({ kind: 'failed', failure: { kind: 'unavailable' } });
    expect(await results(stolen)).toEqual([]);
    expect(await rowOf(fine)).toMatchObject({ state: 'done', attempt: 1 });
  });

  it('tries again while something is unavailable, and says failed at the end', async () => {
    await replica('one');
    const request = await requestFor(objects, [greyXray(10)], reference(bright));
    const [instance] = request.instances;
    if (instance === undefined) throw new Error('no instance');
    await objects.delete(instance.objectKey);
    await enqueue(request);
    await done(request);
    const [completed, ...more] = await results(request);
    expect(more).toEqual([]);
    expect(completed?.outcome).toMatchObject({ kind: 'failed', failure: { kind: 'unavailable' } });
    expect(await rowOf(request)).toMatchObject({ state: 'dead', attempt: 3 });
  });

  it('ends a computation at its time limit and says failed in the end, never nothing', async () => {
    await replica('one', { timeLimitMs: 1_500, attempts: 2 });
    const request = await ask(slow, 255);
    await done(request);
    const [completed] = await results(request);
    expect(completed?.outcome).toMatchObject({ kind: 'failed', failure: { message: 'no answer within 1500 ms' } });
  });

  it('gives up a request whose attempts all ended in nothing, without a further one', async () => {
    const request = await ask(bright, 10);
    await source.query('update work set attempt = 3');
    await replica('one');
    await done(request);
    expect((await results(request))[0]?.outcome).toMatchObject({ kind: 'failed', failure: { kind: 'defect' } });
  });

  it('waits for a version this worker does not have, and says failed in the end', async () => {
    await replica('one');
    const request = await requestFor(objects, [greyXray(10)], { name: 'bright', version: '9.0.0' });
    await enqueue(request);
    await done(request);
    expect((await results(request))[0]?.outcome).toMatchObject({ kind: 'failed' });
  });

  it('says failed at once for an object that is no DICOM image', async () => {
    await replica('one');
    const request = await ask(bright, 10);
    const [instance] = request.instances;
    if (instance === undefined) throw new Error('no instance');
    await done(request);
    const broken = { ...request, study: { ...request.study, revision: 2 } };
    const objectKey = `${instance.objectKey}.txt`;
    const text = await objects.write(objectKey, [Buffer.from('no image')] as unknown as AsyncIterable<Uint8Array>);
    await enqueue({ ...broken, instances: [{ ...instance, objectKey, ...text }] });
    await waitFor(async () => (await results(request)).length === 2);
    const failed = (await results(request)).find(({ study }) => study.revision === 2);
    expect(failed?.outcome).toMatchObject({ kind: 'failed', failure: { kind: 'invalid-input' } });
  });

  it('skips what the model may not read, with the reason, and reads what it may in the same request', async () => {
    await replica('one');
    const adult = { ...childsChest, PatientAge: '034Y' };
    const refused = await ask(bright, 192, { values: adult });
    const mixed = await requestFor(objects, [greyXray(192, adult), greyXray(10)], reference(bright));
    await enqueue(mixed);
    await Promise.all([done(refused), done(mixed)]);
    expect((await results(refused))[0]?.outcome).toMatchObject({ kind: 'skipped', reason: 'age-out-of-range' });
    const outcome = (await results(mixed))[0]?.outcome;
    expect(outcome).toMatchObject({ kind: 'findings', findings: [{ presence: 'absent' }] });
    expect((await results(mixed))[0]?.images).toHaveLength(1);
  });

  it('says the same of the same image, tracking included, however often it is read', async () => {
    await replica('one');
    const image = greyXray(150, childsChest, 'one image');
    const requests = await Promise.all([1, 2].map(() => requestFor(objects, [image], reference(bright))));
    for (const request of requests) await enqueue(request);
    await Promise.all(requests.map(done));
    const [first, second] = await Promise.all(requests.map(async (request) => (await results(request))[0]?.outcome));
    expect(first?.kind === 'findings' && first.findings).toEqual(second?.kind === 'findings' && second.findings);
  });
});
