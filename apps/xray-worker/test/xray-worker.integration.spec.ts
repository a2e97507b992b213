import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, cp, mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { topics, type InferenceCompleted, type InferenceRequested } from '@sightline/contracts';
import { toEvent } from '@sightline/messaging';
import { type ObjectStore, openObjectStore } from '@sightline/object-store';
import { type DataSource, openDatabase, workQueueMigrations } from '@sightline/persistence';
import { Kafka } from 'kafkajs';
import { holdTable } from '../../../test/support/hold-table.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { childsChest, greyXray, requestFor } from '../../../test/support/xray-request.ts';
import { type Kafka as KafkaServer, startKafka } from '../../../tools/sandbox/parts/kafka.ts';
import { freePort } from '../../../tools/sandbox/parts/ports.ts';
import { type Postgres, startPostgres } from '../../../tools/sandbox/parts/postgres.ts';

jest.setTimeout(200_000);

const repository = join(import.meta.dirname, '../../..');
const bright = { name: 'bright', version: '1.0.0' };
const slow = { name: 'slow', version: '1.0.0' };

interface Worker {
  process: ChildProcess;
  url: string;
  log: () => string;
}

describe('the X-ray worker', () => {
  let directory: TemporaryDirectory;
  let kafka: KafkaServer;
  let postgres: Postgres;
  let databaseUrl: string;
  let source: DataSource;
  let objects: ObjectStore;
  let broker: Kafka;
  let worker: Worker;
  const published: InferenceCompleted[] = [];
  const workers: Worker[] = [];

  beforeAll(async () => {
    directory = await temporaryDirectory('xray-worker');
    [kafka, postgres] = await Promise.all([
      startKafka({ directory: join(directory.path, 'kafka') }),
      startPostgres({ directory: join(directory.path, 'postgres') }),
    ]);
    databaseUrl = await postgres.createDatabase('xray_worker');
    source = await openDatabase({
      url: databaseUrl,
      app: 'test',
      entities: [],
      migrations: workQueueMigrations,
      poolSize: 4,
    });
    objects = openObjectStore(pathToFileURL(join(directory.path, 'objects')).href);
    broker = new Kafka({ brokers: kafka.brokers, clientId: 'test', logLevel: 0 });
    worker = await start();
    await listen();
  });

  afterAll(async () => {
    await consumer?.disconnect();
    await Promise.all(workers.map(stop));
    await source?.destroy();
    await kafka?.stop();
    await postgres?.stop();
    await directory?.remove();
  });

  let consumer: ReturnType<Kafka['consumer']> | undefined;

  async function listen(): Promise<void> {
    consumer = broker.consumer({ groupId: 'test' });
    await consumer.connect();
    await consumer.subscribe({ topics: ['inference.completed.v1'], fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ message }) => {
        published.push(JSON.parse(String(message.value)) as InferenceCompleted);
      },
    });
  }

  async function start(env: Record<string, string> = {}): Promise<Worker> {
    const port = await freePort();
    const child = spawn(process.execPath, ['--import', 'tsx', 'apps/xray-worker/src/main.ts'], {
      cwd: repository,
      env: {
        PATH: process.env['PATH'],
        HTTP_PORT: String(port),
        DATABASE_URL: databaseUrl,
        KAFKA_BROKERS: kafka.brokers.join(','),
        OBJECT_STORE_URL: pathToFileURL(join(directory.path, 'objects')).href,
        OIDC_ISSUER: 'http://127.0.0.1:1',
        MODELS_DIR: join(repository, 'libs/inference/test-models'),
        LEASE_MS: '4000',
        STUDY_TIME_LIMIT_MS: '120000',
        SHUTDOWN_GRACE_MS: '120000',
        CONCURRENCY: '1',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    child.stdout.on('data', (chunk) => (log += String(chunk)));
    child.stderr.on('data', (chunk) => (log += String(chunk)));
    const started: Worker = { process: child, url: `http://127.0.0.1:${port}`, log: () => log };
    workers.push(started);
    if (env['MODELS_DIR'] === undefined) {
      await waitFor(async () => (await fetch(`${started.url}/health/ready`)).ok, {
        timeout: 90_000,
        what: 'the worker',
      });
    }
    return started;
  }

  async function stop({ process: child }: Worker): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }

  async function kill({ process: child }: Worker): Promise<void> {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async function publish(request: InferenceRequested, times = 1): Promise<void> {
    const { topic, key, headers, value } = toEvent('dicom-ingest', 'inference.requested.xray.v1', request);
    const producer = broker.producer();
    await producer.connect();
    for (let i = 0; i < times; i++) await producer.send({ topic, messages: [{ key, value, headers: { ...headers } }] });
    await producer.disconnect();
  }

  const request = (grey: number, model = bright) => requestFor(objects, [greyXray(grey)], model);
  const resultsOf = ({ study }: InferenceRequested) =>
    published.filter((each) => each.study.studyInstanceUid === study.studyInstanceUid);
  const result = (of: InferenceRequested) =>
    waitFor(() => resultsOf(of)[0], { timeout: 120_000, what: 'inference.completed' });
  const rowOf = async (of: InferenceRequested) => {
    const rows = await source.query<{ state: string; attempt: number }[]>(
      'select state, attempt from work where id = $1',
      [topics['inference.requested.xray.v1'].id(of)],
    );
    return rows[0];
  };
  const outboxOf = (of: InferenceRequested) =>
    source.query<unknown[]>(`select 1 from outbox where topic = 'inference.completed.v1' and key = $1`, [
      of.study.studyInstanceUid,
    ]);
  const artefactsOf = async ({ study }: InferenceRequested) => {
    const keys: string[] = [];
    for await (const { key } of objects.list(`artefacts/${study.studyInstanceUid}`)) keys.push(key);
    return keys;
  };

  it('answers a request that was published three times once', async () => {
    const asked = await request(200);
    await publish(asked, 3);
    expect((await result(asked)).outcome.kind).toBe('findings');
    const marker = await request(10);
    await publish(marker);
    await result(marker);
    expect(resultsOf(asked)).toHaveLength(1);
    expect(await outboxOf(asked)).toHaveLength(1);
  });

  it('queues a request at once while a long one is being computed', async () => {
    const long = await request(12, slow);
    // Not recorded before the table is let go: however long the rest of this takes, the one hand is full.
    const outbox = await holdTable(databaseUrl, 'outbox');
    await publish(long);
    await waitFor(async () => (await rowOf(long))?.state === 'running');
    const quick = await request(10);
    await publish(quick);
    await waitFor(async () => (await rowOf(quick))?.state === 'queued', { what: 'the row' });
    expect((await fetch(`${worker.url}/health/live`)).ok).toBe(true);
    await outbox.release();
    await Promise.all([result(long), result(quick)]);
  });

  it('killed in the middle of an inference, leaves it to another replica and one result', async () => {
    const asked = await request(6, slow);
    await publish(asked);
    await waitFor(async () => (await rowOf(asked))?.state === 'running', { interval: 20 });
    await kill(worker);
    worker = await start();
    await result(asked);
    expect(await rowOf(asked)).toMatchObject({ state: 'done', attempt: 2 });
    expect(await outboxOf(asked)).toHaveLength(1);
    expect(resultsOf(asked)).toHaveLength(1);
  });

  it('killed between its pictures and its commit, leaves one result', async () => {
    const asked = await request(200);
    // The worker queues, computes, stores its pictures and stands before its commit.
    const outbox = await holdTable(databaseUrl, 'outbox');
    await publish(asked);
    await waitFor(async () => (await artefactsOf(asked)).length === 2, { timeout: 60_000, what: 'the pictures' });
    await kill(worker);
    await outbox.release();
    expect(await outboxOf(asked)).toHaveLength(0);
    worker = await start();
    await result(asked);
    expect(await outboxOf(asked)).toHaveLength(1);
    expect(resultsOf(asked)).toHaveLength(1);
  });

  it('takes no process of its own with it into death: nothing computes on', async () => {
    const asked = await request(60, slow);
    await publish(asked);
    await waitFor(async () => (await rowOf(asked))?.state === 'running', { interval: 20 });
    const pids = await childrenOf(worker.process.pid);
    expect(pids.length).toBeGreaterThan(0);
    await kill(worker);
    await waitFor(() => pids.every((pid) => !isAlive(pid)), {
      timeout: 20_000,
      what: 'the end of the inference process',
    });
    await source.query(`delete from work where id = $1`, [topics['inference.requested.xray.v1'].id(asked)]);
    worker = await start();
  });

  describe('whose model file is not the one its manifest states', () => {
    let models: string;

    beforeEach(async () => {
      models = await mkdtemp(join(directory.path, 'tampered-'));
      await cp(join(repository, 'libs/inference/test-models/bright'), join(models, 'bright'), { recursive: true });
      await appendFile(join(models, 'bright/1/model.onnx'), 'x');
    });

    it('says which it is, and is not ready', async () => {
      const tampered = await start({ MODELS_DIR: models });
      await waitFor(() => tampered.log().includes('model-refused'), { timeout: 60_000, what: 'the refusal' });
      const ready = await waitFor(() => fetch(`${tampered.url}/health/ready`));
      expect(ready.status).toBe(503);
      const lines = tampered.log().split('\n');
      expect(lines.filter((line) => line.includes('model-refused'))).toHaveLength(1);
      await stop(tampered);
    });

    it('is ready while another serves, and says which is refused', async () => {
      await cp(join(repository, 'libs/inference/test-models/slow'), join(models, 'slow'), { recursive: true });
      const tampered = await start({ MODELS_DIR: models });
      const ready = await waitFor(
        async () => {
          const response = await fetch(`${tampered.url}/health/ready`);
          const body: unknown = await response.json();
          return response.ok && body;
        },
        { timeout: 90_000, what: 'the worker' },
      );
      expect(ready).toEqual({
        status: 'ready',
        failing: {},
        remarks: { models: expect.stringMatching(/^model refused: .*bright: 1\/model\.onnx has sha256 [^;]*$/) },
      });
      await stop(tampered);
    });
  });

  it('serves the queue to whoever scales on it, and no patient', async () => {
    const asked = await requestFor(
      objects,
      [greyXray(200, { ...childsChest, PatientName: 'Secret^Name', PatientID: 'SECRET-ID' })],
      bright,
    );
    await publish(asked);
    await result(asked);
    const metrics = await (await fetch(`${worker.url}/metrics`)).text();
    expect(metrics).toContain('sightline_inference_queue_rows');
    expect(metrics).toMatch(/sightline_inference_runs_total\{ending="findings"\} \d/);
    for (const { log } of workers) expect(log()).not.toMatch(/secret/i);
  });

  it('ends within its grace when told to, with the result of what it was computing, and takes nothing more', async () => {
    const asked = await request(12, slow);
    // Not recorded before the table is let go: however slowly the others come, they come while this one is in hand.
    const outbox = await holdTable(databaseUrl, 'outbox');
    await publish(asked);
    await waitFor(async () => (await rowOf(asked))?.state === 'running', { interval: 20 });
    const waiting = await Promise.all([1, 2, 3].map(() => request(10)));
    await Promise.all(waiting.map((each) => publish(each)));
    await Promise.all(waiting.map((each) => waitFor(async () => (await rowOf(each))?.state === 'queued')));
    const stopped = stop(worker);
    await outbox.release();
    await stopped;
    expect(worker.process.signalCode).toBe('SIGTERM');
    expect(await rowOf(asked)).toMatchObject({ state: 'done', attempt: 1 });
    expect(await outboxOf(asked)).toHaveLength(1);
    for (const each of waiting) expect(await rowOf(each)).toMatchObject({ state: 'queued', attempt: 0 });
  });
});

async function childrenOf(parent: number | undefined): Promise<number[]> {
  const text = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8');
  return text.trim().split(' ').filter(Boolean).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
