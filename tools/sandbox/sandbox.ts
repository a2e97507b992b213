import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { App } from '@sightline/contracts';
import { type AppPorts, type Apps, APPS, type Environment, startApps } from './apps.ts';
import { type FhirServer, startFhirServer } from './parts/fhir-server.ts';
import { type IdentityProvider, type Role, startIdentityProvider } from './parts/identity-provider.ts';
import { type Kafka, startKafka } from './parts/kafka.ts';
import { PartFailed } from './parts/part-failed.ts';
import { freePort, LOOPBACK, requireFreePort } from './parts/ports.ts';
import { type Postgres, startPostgres } from './parts/postgres.ts';
import { requireJava } from './parts/build-java.ts';
import {
  claimDirectory,
  leaveDirectory,
  refuseSecondOwner,
  staleChildren,
  stopStaleChildren,
} from './parts/stale-children.ts';

export interface Endpoints {
  readonly fhirBaseUrl: string;
  readonly readingRoomUrl: string;
  readonly stowUrl: string;
  readonly tokenUrl: string;
  readonly kafka: string;
  /** AuditEvent of audit-monitor, to search in. */
  readonly auditUrl: string;
  /** fhir-writer's doors: recall and quarantine. */
  readonly writerUrl: string;
  readonly dicom: { readonly host: string; readonly port: number; readonly aeTitle: string };
}

/** `start`, then `done` or `failed`, of a step with a name people read. */
export type Progress = (step: string, state: 'start' | 'done' | 'failed' | 'note') => void;

export interface SandboxOptions {
  /** Data, keys, logs and endpoints.json; a second start on it finds everything again. */
  readonly directory: string;
  /** `default`: the documented ports; `free`: whatever is free, for tests beside a running sandbox. */
  readonly ports: 'default' | 'free';
  /** Without them only Kafka, PostgreSQL, the OpenID provider and the FHIR server run. */
  readonly apps?: boolean;
  /** Per app, over what the sandbox tells it: `{ 'dicom-ingest': { QUIET_PERIOD_MS: '0' } }`. */
  readonly env?: Readonly<Partial<Record<App, Environment>>>;
  readonly onProgress?: Progress;
  /** How long the broker may take to be ready. */
  readonly kafkaDeadlineMs?: number | undefined;
  /** Below this much free disk nothing is started. */
  readonly minimumFreeBytes?: number | undefined;
  /** Gives up starting; everything begun is stopped before the rejection. */
  readonly signal?: AbortSignal;
}

export interface Sandbox {
  readonly directory: string;
  readonly endpoints: Endpoints;
  token(who: Role | 'system'): Promise<string>;
  readonly kafka: Kafka;
  readonly postgres: Postgres;
  readonly fhir: FhirServer;
  readonly identityProvider: IdentityProvider;
  /** Throws when the sandbox was started without apps. */
  readonly apps: Apps;
  stop(): Promise<void>;
}

interface Ports extends AppPorts {
  readonly kafka: number;
  readonly kafkaController: number;
  readonly postgres: number;
  readonly identity: number;
  readonly fhir: number;
}

const AUDIENCE = 'sightline';
const POSTGRES = 'PostgreSQL';
const APPLICATIONS = `Apps (${APPS.join(', ')})`;
const GIBIBYTE = 1024 ** 3;

/** What can be known before anything is built or started: space, Java, ports. Throws one line each. */
export async function checkBeforeStart(options: SandboxOptions): Promise<void> {
  const directory = resolve(options.directory);
  await mkdir(directory, { recursive: true });
  await requireSpace(directory, options.minimumFreeBytes ?? GIBIBYTE);
  await requireJava('Sandbox');
  refuseSecondOwner(directory);
  // What an earlier start left behind may hold a port; it is stopped first.
  if (options.ports === 'default' && (await staleChildren(directory)).length === 0) {
    await requireFreePorts(DEFAULT_PORTS, options.apps !== false);
  }
}

/** Starts everything in parallel as far as one part does not need another; on the first failure stops what was begun. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const directory = resolve(options.directory);
  const progress = options.onProgress ?? ((): void => undefined);
  await mkdir(directory, { recursive: true });
  await requireSpace(directory, options.minimumFreeBytes ?? GIBIBYTE);
  claimDirectory(directory);
  const endpointsFile = join(directory, 'endpoints.json');
  await rm(endpointsFile, { force: true });

  const failed = new AbortController();
  const signal = options.signal === undefined ? failed.signal : AbortSignal.any([failed.signal, options.signal]);
  const begun = new Map<string, { stop(): Promise<void> }>();
  const stopAll = async (): Promise<void> => {
    await rm(endpointsFile, { force: true });
    // Apps first, so that they lose no peer while they finish; the databases of all last.
    const last = begun.get(POSTGRES);
    await begun.get(APPLICATIONS)?.stop();
    await Promise.all([...begun.values()].filter((part) => part !== last).map((part) => part.stop()));
    await last?.stop();
    leaveDirectory(directory);
  };
  const step = async <P extends { stop(): Promise<void> }>(name: string, start: () => Promise<P>): Promise<P> => {
    progress(name, 'start');
    try {
      const part = await start();
      begun.set(name, part);
      progress(name, 'done');
      return part;
    } catch (error) {
      failed.abort(error);
      progress(name, 'failed');
      throw error;
    }
  };

  try {
    for (const name of await stopStaleChildren(directory)) {
      progress(`stopped ${name}, which an earlier start had left running`, 'note');
    }
    const ports = options.ports === 'default' ? DEFAULT_PORTS : await freePorts();
    await requireFreePorts(ports, options.apps !== false);
    const readingRoomUrl = `http://${LOOPBACK}:${ports.http['reading-room']}`;
    const issuer = `http://${LOOPBACK}:${ports.identity}`;
    const each = { signal };
    const at = (place: string): { directory: string } => ({ directory: join(directory, place) });

    const postgres = step(POSTGRES, () => startPostgres({ ...at('postgres'), port: ports.postgres, ...each }));
    const kafka = step('Kafka', () =>
      startKafka({
        ...at('kafka'),
        port: ports.kafka,
        controllerPort: ports.kafkaController,
        deadlineMs: options.kafkaDeadlineMs,
        ...each,
      }),
    );
    const identityProvider = step('OpenID provider', () =>
      startIdentityProvider({ ...at('identity'), port: ports.identity, audience: AUDIENCE, readingRoomUrl, ...each }),
    );
    const fhir = step('FHIR server', async () => {
      const database = await postgres;
      await database.createDatabase('fhir');
      return startFhirServer({
        ...at('fhir'),
        port: ports.fhir,
        identityProvider: { issuer, jwksUrl: `${issuer}/jwks` },
        audience: AUDIENCE,
        database: { port: database.port, name: 'fhir', login: database.loginFor('fhir') },
        ...each,
      });
    });
    const apps = options.apps === false ? undefined : startApplications();
    const started = await settle({ postgres, kafka, identityProvider, fhir, apps });

    const endpoints: Endpoints = {
      fhirBaseUrl: started.fhir.baseUrl,
      readingRoomUrl,
      stowUrl: `http://${LOOPBACK}:${ports.http['dicom-ingest']}/studies`,
      tokenUrl: started.identityProvider.tokenUrl,
      kafka: `${LOOPBACK}:${ports.kafka}`,
      auditUrl: `http://${LOOPBACK}:${ports.http['audit-monitor']}/fhir/AuditEvent`,
      writerUrl: `http://${LOOPBACK}:${ports.http['fhir-writer']}`,
      dicom: { host: LOOPBACK, port: ports.dicom, aeTitle: 'SIGHTLINE' },
    };
    await writeFile(endpointsFile, `${JSON.stringify(endpoints, undefined, 2)}\n`);
    return {
      directory,
      endpoints,
      token: (who) => started.identityProvider.token(who),
      kafka: started.kafka,
      postgres: started.postgres,
      fhir: started.fhir,
      identityProvider: started.identityProvider,
      get apps() {
        if (started.apps === undefined) {
          throw new Error('this sandbox was started without apps');
        }
        return started.apps;
      },
      stop: stopAll,
    };

    // The apps need no FHIR server to start, only to be ready: they warm up while it does.
    async function startApplications(): Promise<Apps & { stop(): Promise<void> }> {
      const [broker, database, provider] = await Promise.all([kafka, postgres, identityProvider]);
      return step(APPLICATIONS, async () => {
        const running = await startApps({
          directory,
          ports,
          kafka: broker,
          postgres: database,
          identityProvider: provider,
          fhirBaseUrl: `http://${LOOPBACK}:${ports.fhir}/fhir`,
          audience: AUDIENCE,
          env: options.env,
          onNotice: (line) => progress(line, 'note'),
          ...each,
        });
        return Object.assign(running, { stop: () => running.stopAll() });
      });
    }
  } catch (error) {
    await stopAll();
    throw options.signal?.aborted === true || !(failed.signal.reason instanceof Error) ? error : failed.signal.reason;
  }
}

/** Waits for all to end, well or badly, so that nothing is still starting when we begin to stop; then throws the first failure. */
async function settle<T extends Record<string, Promise<unknown> | undefined>>(
  parts: T,
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  const entries = Object.entries(parts);
  const outcomes = await Promise.allSettled(entries.map(async ([, part]) => part));
  const failure = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) {
    throw failure.reason;
  }
  const values = outcomes.map((outcome, index) => [
    entries[index]?.[0] ?? '',
    outcome.status === 'fulfilled' ? outcome.value : undefined,
  ]);
  return Object.fromEntries(values) as { [K in keyof T]: Awaited<T[K]> };
}

const DEFAULT_PORTS: Ports = {
  http: {
    'reading-room': 8080,
    'dicom-ingest': 8081,
    'audit-monitor': 8082,
    'fhir-writer': 8083,
    'xray-worker': 8084,
    'ct-worker': 8086,
    'ophthalmic-worker': 8087,
  },
  identity: 8085,
  fhir: 8090,
  kafka: 9092,
  kafkaController: 9093,
  postgres: 5433,
  dicom: 11112,
};

async function freePorts(): Promise<Ports> {
  const http = Object.fromEntries(await Promise.all(APPS.map(async (app) => [app, await freePort()] as const)));
  return {
    http: http as Record<App, number>,
    identity: await freePort(),
    fhir: await freePort(),
    kafka: await freePort(),
    kafkaController: await freePort(),
    postgres: await freePort(),
    dicom: await freePort(),
  };
}

/** All of them before the first part is started: a port in use is said at once, not after a minute. */
async function requireFreePorts(ports: Ports, withApps: boolean): Promise<void> {
  const needed: [string, number][] = [
    ['Kafka', ports.kafka],
    ['Kafka', ports.kafkaController],
    ['PostgreSQL', ports.postgres],
    ['OpenID provider', ports.identity],
    ['FHIR server', ports.fhir],
    ...(withApps
      ? [
          ...APPS.map((app): [string, number] => [app, ports.http[app]]),
          ['dicom-ingest', ports.dicom] as [string, number],
        ]
      : []),
  ];
  for (const [part, port] of needed) {
    await requireFreePort(part, port);
  }
}

async function requireSpace(directory: string, minimum: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  if (free < minimum) {
    const gigabytes = (bytes: number): string => (bytes / GIBIBYTE).toFixed(1);
    throw new PartFailed(
      'Sandbox',
      `no space left: ${gigabytes(free)} GB free where ${directory} is, ${gigabytes(minimum)} GB are needed`,
    );
  }
}
