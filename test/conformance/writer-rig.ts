import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InferenceCompleted, InstancesRejected, ReviewRecorded } from '@sightline/contracts';
import { connectKafka, ensureTopics, toEvent } from '@sightline/messaging';
import { createLogger } from '@sightline/platform';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { Client } from 'pg';
import {
  freePort,
  startFhirServer,
  startIdentityProvider,
  startKafka,
  startPostgres,
  temporaryDirectory,
  waitFor,
  type FhirServer,
  type IdentityProvider,
} from '../support/index.ts';
import { writeModelsFolder } from './answers.ts';
import { startFhirProxy, type FhirProxy } from './fhir-proxy.ts';

/** fhir-writer as a process of its own, on a real broker, database, FHIR server and identity provider. */
export interface WriterRig {
  readonly proxy: FhirProxy;
  readonly server: FhirServer;
  readonly identity: IdentityProvider;
  /** Starts a writer (or one more replica) at this site, and resolves once it is ready. */
  startWriter(site?: SiteOptions): Promise<Writer>;
  say(...answers: InferenceCompleted[]): Promise<void>;
  /** A person's answer to findings, as the reading room sends it. */
  review(...reviews: ReviewRecorded[]): Promise<void>;
  /** What dicom-ingest says of a rejection note. */
  reject(...rejections: InstancesRejected[]): Promise<void>;
  /** Rows of the writer's own database. */
  rows<R extends object>(statement: string, parameters?: unknown[]): Promise<R[]>;
  /** What the FHIR server holds, asked directly. */
  search<R extends Resource>(query: string): Promise<R[]>;
  /** Writes to the FHIR server as somebody else would. */
  put(resource: Resource): Promise<void>;
  stop(): Promise<void>;
}

/** Over what the rig's site says. */
export interface SiteOptions {
  onlyReport?: boolean;
  release?: Record<string, string>;
  patients?: Record<string, unknown>;
  adt?: Record<string, unknown>;
  /** Of the destination `ehr`. */
  ehr?: Record<string, unknown>;
  /** Beside the destination `ehr`. */
  others?: Record<string, unknown>[];
  quarantineRecheckMs?: number;
}

export interface Writer {
  kill(): Promise<void>;
  stop(): Promise<void>;
  readonly logFile: string;
  /** Its HTTP doors. */
  readonly url: string;
}

const repository = join(import.meta.dirname, '../..');
export const patientSystem = 'urn:example:hospital:patients';

export async function startWriterRig(): Promise<WriterRig> {
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
  await postgres.createDatabase('fhir');
  const databaseUrl = await postgres.createDatabase('fhir_writer');
  const server = keep(
    await startFhirServer({
      directory: join(directory.path, 'fhir'),
      identityProvider: identity,
      database: { port: postgres.port, name: 'fhir', login: postgres.loginFor('fhir') },
    }),
  );
  const proxy = await startFhirProxy(server.baseUrl, await freePort());
  const modelsDir = await writeModelsFolder(join(directory.path, 'models'));
  const client = connectKafka(kafka.brokers, 'rig', createLogger('rig', 'error'));
  await ensureTopics(client);
  const producer = client.producer();
  await producer.connect();
  const database = new Client({ connectionString: databaseUrl });
  await database.connect();
  const writers = new Set<ChildProcess>();

  const startWriter: WriterRig['startWriter'] = async (site = {}) => {
    const port = await freePort();
    const siteFile = join(directory.path, `site-${port}.json`);
    const ehr = {
      kind: 'fhir',
      name: 'ehr',
      baseUrl: proxy.baseUrl,
      tokenUrl: identity.tokenUrl,
      clientId: identity.fhirWriter.clientId,
      keyFile: identity.fhirWriter.keyFile,
      scope: 'system/*.cruds',
      patients: { rule: 'create', identifierSystem: patientSystem, ...site.patients },
      ...site.ehr,
    };
    const { onlyReport = true, release = { '*': 'immediate' }, others = [], adt, quarantineRecheckMs = 500 } = site;
    await writeFile(siteFile, JSON.stringify({ onlyReport, release, adt, destinations: [ehr, ...others] }));
    const logFile = join(directory.path, `writer-${port}.log`);
    const child = spawn(process.execPath, ['--import', 'tsx', join(repository, 'apps/fhir-writer/src/main.ts')], {
      cwd: repository,
      env: {
        PATH: process.env['PATH'],
        HTTP_PORT: String(port),
        DATABASE_URL: databaseUrl,
        KAFKA_BROKERS: kafka.brokers.join(','),
        OBJECT_STORE_URL: `file://${directory.path}/objects`,
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
    await waitFor(
      async () => {
        if (child.exitCode !== null) throw new Error(`writer ended: ${await readFile(logFile, 'utf8')}`);
        const health = await fetch(`http://127.0.0.1:${port}/health/ready`);
        if (!health.ok) throw new Error(await health.text());
        return true;
      },
      { timeout: 180_000, interval: 200 },
    ).catch(async (error: unknown) => {
      throw new Error(`${String(error)}: ${await readFile(logFile, 'utf8')}`);
    });
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      child.kill(signal);
      await gone;
      writers.delete(child);
    };
    return { logFile, url: `http://127.0.0.1:${port}`, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
  };

  const authorized = async (): Promise<Record<string, string>> => ({
    authorization: `Bearer ${await identity.token('system')}`,
    'content-type': 'application/fhir+json',
    'cache-control': 'no-cache',
  });

  return {
    proxy,
    server,
    identity,
    startWriter,
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
    async search<R extends Resource>(query: string) {
      const response = await fetch(`${server.baseUrl}/${query}`, { headers: await authorized() });
      const bundle = (await response.json()) as Bundle<R>;
      if (!response.ok) throw new Error(`${query} answered ${response.status}`);
      return (bundle.entry ?? []).flatMap(({ resource }) => (resource === undefined ? [] : [resource]));
    },
    async put(resource) {
      const response = await fetch(`${server.baseUrl}/${resource.resourceType}/${resource.id ?? ''}`, {
        method: 'PUT',
        headers: await authorized(),
        body: JSON.stringify(resource),
      });
      if (!response.ok) throw new Error(`PUT answered ${response.status} ${await response.text()}`);
    },
    async stop() {
      for (const child of writers) child.kill('SIGKILL');
      await database.end();
      await producer.disconnect();
      await proxy.disconnect();
      for (const part of started.reverse()) await part.stop();
      await directory.remove();
    },
  };
}
