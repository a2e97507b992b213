import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InferenceCompleted, InstancesRejected, ReviewRecorded } from '@sightline/contracts';
import { connectKafka, ensureTopics, toEvent } from '@sightline/messaging';
import { openObjectStore, type ObjectStore } from '@sightline/object-store';
import { createLogger } from '@sightline/platform';
import { Client } from 'pg';
import {
  freePort,
  startIdentityProvider,
  startKafka,
  startPostgres,
  temporaryDirectory,
  waitFor,
  type IdentityProvider,
  type Kafka,
  type Postgres,
} from '../support/index.ts';
import { writeModelsFolder } from './answers.ts';

/** fhir-writer as a process of its own, on a real broker, database and identity provider; its destinations are the caller's. */
export interface WriterParts {
  readonly directory: string;
  readonly postgres: Postgres;
  readonly kafka: Kafka;
  readonly identity: IdentityProvider;
  readonly objects: ObjectStore;
  readonly objectStoreUrl: string;
  /** Starts a writer (or one more replica) at this site, and resolves once it is ready, or once it answers at all. */
  startWriter(site: WriterSite, options?: { quarantineRecheckMs?: number; untilReady?: boolean }): Promise<Writer>;
  say(...answers: InferenceCompleted[]): Promise<void>;
  /** A person's answer to findings, as the reading room sends it. */
  review(...reviews: ReviewRecorded[]): Promise<void>;
  /** What dicom-ingest says of a rejection note. */
  reject(...rejections: InstancesRejected[]): Promise<void>;
  /** Rows of the writer's own database. */
  rows<R extends object>(statement: string, parameters?: unknown[]): Promise<R[]>;
  /** Whatever was started after the parts ends before them. */
  stop(): Promise<void>;
}

/** What a site file says. */
export interface WriterSite {
  onlyReport?: boolean;
  release?: Record<string, string>;
  adt?: Record<string, unknown> | undefined;
  dicom?: Record<string, unknown> | undefined;
  destinations: readonly Record<string, unknown>[];
}

export interface Writer {
  kill(): Promise<void>;
  stop(): Promise<void>;
  readonly logFile: string;
  /** Its HTTP doors. */
  readonly url: string;
}

const repository = join(import.meta.dirname, '../..');

export async function startWriterParts(): Promise<WriterParts> {
  const directory = await temporaryDirectory('writer');
  const started: { stop(): Promise<void> }[] = [];
  const keep = <S extends { stop(): Promise<void> }>(server: S): S => {
    started.push(server);
    return server;
  };
  const [postgres, kafka, identity] = await Promise.all([
    startPostgres({ directory: join(directory.path, 'postgres') }).then(keep),
    startKafka({ directory: join(directory.path, 'kafka') }).then(keep),
    startIdentityProvider({ directory: join(directory.path, 'identity') }).then(keep),
  ]);
  const databaseUrl = await postgres.createDatabase('fhir_writer');
  const objectStoreUrl = `file://${directory.path}/objects`;
  const modelsDir = await writeModelsFolder(join(directory.path, 'models'));
  const client = connectKafka(kafka.brokers, 'rig', createLogger('rig', 'error'));
  await ensureTopics(client);
  const producer = client.producer();
  await producer.connect();
  const database = new Client({ connectionString: databaseUrl });
  await database.connect();
  const writers = new Set<ChildProcess>();

  return {
    directory: directory.path,
    postgres,
    kafka,
    identity,
    objects: openObjectStore(objectStoreUrl),
    objectStoreUrl,
    async startWriter(site, { quarantineRecheckMs = 500, untilReady = true } = {}) {
      const port = await freePort();
      const siteFile = join(directory.path, `site-${port}.json`);
      await writeFile(siteFile, JSON.stringify({ onlyReport: true, release: { '*': 'immediate' }, ...site }));
      const logFile = join(directory.path, `writer-${port}.log`);
      const child = spawn(process.execPath, ['--import', 'tsx', join(repository, 'apps/fhir-writer/src/main.ts')], {
        cwd: repository,
        env: {
          PATH: process.env['PATH'],
          HTTP_PORT: String(port),
          DATABASE_URL: databaseUrl,
          KAFKA_BROKERS: kafka.brokers.join(','),
          OBJECT_STORE_URL: objectStoreUrl,
          OIDC_ISSUER: identity.issuer,
          SITE_FILE: siteFile,
          SITE_TIMEZONE: 'Europe/Berlin',
          MODELS_DIR: modelsDir,
          QUARANTINE_RECHECK_MS: String(quarantineRecheckMs),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      writers.add(child);
      const log = createWriteStream(logFile);
      child.stdout?.pipe(log);
      child.stderr?.pipe(log);
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      const state = await waitFor(
        async () => {
          if (child.exitCode !== null) return 'ended';
          const health = await fetch(`http://127.0.0.1:${port}/health/${untilReady ? 'ready' : 'live'}`);
          if (!health.ok) throw new Error(await health.text());
          return 'up';
        },
        { timeout: 180_000, interval: 200 },
      ).catch(async (error: unknown) => {
        throw new Error(`${String(error)}: ${await readFile(logFile, 'utf8')}`);
      });
      if (state === 'ended') throw new Error(`writer ended: ${await readFile(logFile, 'utf8')}`);
      const end = async (signal: NodeJS.Signals): Promise<void> => {
        child.kill(signal);
        await gone;
        writers.delete(child);
      };
      return { logFile, url: `http://127.0.0.1:${port}`, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
    },
    async say(...answers) {
      for (const answer of answers) {
        const { key, value, headers } = toEvent('xray-worker', 'inference.completed.v1', answer);
        await producer.send({ topic: 'inference.completed.v1', messages: [{ key, value, headers }], acks: -1 });
      }
    },
    async review(...reviews) {
      for (const review of reviews) {
        const { key, value, headers } = toEvent('reading-room', 'review.recorded.v1', review);
        await producer.send({ topic: 'review.recorded.v1', messages: [{ key, value, headers }], acks: -1 });
      }
    },
    async reject(...rejections) {
      for (const rejection of rejections) {
        const { key, value, headers } = toEvent('dicom-ingest', 'instances.rejected.v1', rejection);
        await producer.send({ topic: 'instances.rejected.v1', messages: [{ key, value, headers }], acks: -1 });
      }
    },
    async rows<R extends object>(statement: string, parameters: unknown[] = []) {
      return (await database.query<R>(statement, parameters)).rows;
    },
    async stop() {
      for (const child of writers) child.kill('SIGKILL');
      await database.end();
      await producer.disconnect();
      for (const part of started.reverse()) await part.stop();
      await directory.remove();
    },
  };
}
