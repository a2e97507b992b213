import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { type App, type WorkerApp, workerApps } from '@sightline/contracts';
import { Child, type ChildSpec } from './parts/child.ts';
import type { IdentityProvider } from './parts/identity-provider.ts';
import type { Kafka } from './parts/kafka.ts';
import { PartFailed } from './parts/part-failed.ts';
import { freePort, LOOPBACK } from './parts/ports.ts';
import type { Postgres } from './parts/postgres.ts';
import { REPOSITORY } from './parts/repository.ts';

export const APPS: readonly App[] = ['dicom-ingest', ...workerApps, 'fhir-writer', 'audit-monitor', 'reading-room'];

export type Environment = Readonly<Record<string, string>>;

export interface AppPorts {
  readonly http: Readonly<Record<App, number>>;
  readonly dicom: number;
}

export interface AppsOptions {
  readonly directory: string;
  readonly ports: AppPorts;
  readonly kafka: Kafka;
  readonly postgres: Postgres;
  readonly identityProvider: IdentityProvider;
  readonly fhirBaseUrl: string;
  readonly audience: string;
  /** Over what the sandbox tells each app. */
  readonly env?: Readonly<Partial<Record<App, Environment>>> | undefined;
  /** Told in one line each time an app ended by itself and when it is back. */
  readonly onNotice?: ((line: string) => void) | undefined;
  readonly deadlineMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One process of an app: `xray-worker`, or a further replica of it, `xray-worker-2`. */
export interface Replica {
  readonly name: string;
  readonly app: App;
  readonly httpPort: number;
  readonly pid: number;
  readonly logFile: string;
}

/** Every app. A process that ends by itself, or is killed, is started again with back-off; one that is stopped is not. */
export interface Apps {
  /** Every process that should run now. */
  readonly replicas: readonly Replica[];
  get(name: string): Replica;
  logFileOf(name: string): string;
  urlOf(name: string): string;
  /** A crash: the process ends at once, and is started again as after any other. Settles when it has ended. */
  kill(name: string, signal?: NodeJS.Signals): Promise<void>;
  /** SIGTERM, and it stays down until {@link start}. */
  stop(name: string): Promise<void>;
  /** Again, with these settings over those it had. Settles when it is ready. */
  start(name: string, env?: Environment): Promise<void>;
  restart(name: string, env?: Environment): Promise<void>;
  /** Settles when it is up and ready, for example after {@link kill}. */
  ready(name: string): Promise<void>;
  pause(name: string): void;
  resume(name: string): void;
  /** One more process of an app on a port of its own. */
  addReplica(app: App, env?: Environment): Promise<Replica>;
  stopAll(): Promise<void>;
}

export async function startApps(options: AppsOptions): Promise<Apps> {
  const running = new Map<string, SupervisedApp>();
  const environments = await environmentsOf(options);
  const find = (name: string): SupervisedApp => {
    const found = running.get(name);
    if (found === undefined) {
      throw new Error(`no app ${name}; there are ${[...running.keys()].join(', ')}`);
    }
    return found;
  };
  const launch = async (name: string, app: App, own: Environment): Promise<SupervisedApp> => {
    const supervised = new SupervisedApp(name, app, { ...environments[app], ...own }, options);
    running.set(name, supervised);
    await supervised.start();
    return supervised;
  };
  const apps: Apps = {
    get replicas() {
      return [...running.values()].filter((app) => app.wanted);
    },
    get: find,
    logFileOf: (name) => find(name).logFile,
    urlOf: (name) => `http://${LOOPBACK}:${find(name).httpPort}`,
    kill: (name, signal) => find(name).kill(signal),
    stop: (name) => find(name).stop(),
    start: (name, env) => find(name).start(env),
    restart: async (name, env) => {
      await find(name).stop();
      await find(name).start(env);
    },
    ready: (name) => find(name).ready(),
    pause: (name) => find(name).pause(),
    resume: (name) => find(name).resume(),
    addReplica: async (app, env = {}) => {
      const count = [...running.values()].filter((one) => one.app === app).length;
      const port = String(await freePort());
      return launch(`${app}-${count + 1}`, app, { HTTP_PORT: port, ...env });
    },
    stopAll: async () => {
      await Promise.all([...running.values()].map((app) => app.stop()));
    },
  };
  try {
    await Promise.all(APPS.map((app) => launch(app, app, options.env?.[app] ?? {})));
  } catch (error) {
    await apps.stopAll();
    throw error;
  }
  return apps;
}

/** Back-off between restarts; a process that lived this long starts again at once. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;
const HEALTHY_AFTER_MS = 60_000;
/** A restarted app may have to wait for a peer that is down: it is left to wait, not killed for it. */
const RESTART_DEADLINE_MS = 3_600_000;

class SupervisedApp implements Replica {
  wanted = false;
  private child: Child;
  private startedAt = 0;
  private pauseMs = FIRST_PAUSE_MS;
  private starting: Promise<void> = Promise.resolve();

  constructor(
    readonly name: string,
    readonly app: App,
    private environment: Environment,
    private readonly options: AppsOptions,
  ) {
    this.child = this.makeChild();
  }

  get pid(): number {
    return this.child.pid;
  }

  get httpPort(): number {
    return Number(this.environment['HTTP_PORT']);
  }

  get logFile(): string {
    return this.child.logFile;
  }

  async start(env: Environment = {}): Promise<void> {
    this.environment = { ...this.environment, ...env };
    this.child = this.makeChild();
    this.wanted = true;
    this.startedAt = Date.now();
    this.starting = this.child.start();
    this.starting.catch(() => undefined);
    try {
      await this.starting;
    } catch (error) {
      this.wanted = false;
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.wanted = false;
    await this.child.stop();
    await this.starting.catch(() => undefined);
    // A restart that was under way when we said stop may have spawned once more.
    await this.child.stop();
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.child.kill(signal);
  }

  async ready(): Promise<void> {
    while (!(await isReady(this.httpPort))) {
      await sleep(100);
    }
  }

  pause(): void {
    this.child.pause();
  }

  resume(): void {
    this.child.resume();
  }

  private makeChild(): Child {
    const { name, app, environment, options } = this;
    const spec: ChildSpec = {
      name,
      command: process.execPath,
      args: ['--enable-source-maps', join(REPOSITORY, 'dist/apps', app, 'main.js')],
      environment: { NODE_OPTIONS: '', NODE_NO_WARNINGS: '1', ...environment },
      workingDirectory: REPOSITORY,
      logFile: join(options.directory, 'logs', `${name}.log`),
      directory: options.directory,
      ports: [Number(environment['HTTP_PORT']), ...(app === 'dicom-ingest' ? [Number(environment['DICOM_PORT'])] : [])],
      isReady: () => isReady(Number(environment['HTTP_PORT'])),
      deadlineMs: options.deadlineMs ?? 600_000,
      graceMs: 15_000,
      signal: options.signal,
    };
    const child = new Child(spec);
    child.onExit(({ code, signal }) => {
      // While a first start is under way its own error is the answer.
      if (this.wanted && this.child === child && child.wasReady) {
        this.options.onNotice?.(`${name} ended (${signal ?? `exit code ${code}`}), starting it again`);
        this.starting = this.startAgain(child);
      }
    });
    return child;
  }

  private async startAgain(child: Child): Promise<void> {
    if (Date.now() - this.startedAt > HEALTHY_AFTER_MS) {
      this.pauseMs = FIRST_PAUSE_MS;
    }
    while (this.wanted && this.child === child) {
      await sleep(this.pauseMs);
      this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
      if (!this.wanted || this.child !== child) {
        return;
      }
      this.startedAt = Date.now();
      try {
        await child.start(RESTART_DEADLINE_MS);
        this.options.onNotice?.(`${this.name} is back after ${((Date.now() - this.startedAt) / 1000).toFixed(1)} s`);
        return;
      } catch (error) {
        if (this.wanted) {
          this.options.onNotice?.(error instanceof Error ? error.message : String(error));
        }
      }
    }
  }
}

async function isReady(port: number): Promise<boolean> {
  const response = await fetch(`http://${LOOPBACK}:${port}/health/ready`, { signal: AbortSignal.timeout(5000) }).catch(
    () => undefined,
  );
  await response?.arrayBuffer().catch(() => undefined);
  return response?.ok === true;
}

/** What each app is told: every name in one place, so that Kubernetes' manifests can be held against it. */
async function environmentsOf(options: AppsOptions): Promise<Readonly<Record<App, Environment>>> {
  const { directory, ports, kafka, postgres, identityProvider, fhirBaseUrl, audience } = options;
  for (const app of APPS) {
    if (!existsSync(join(REPOSITORY, 'dist/apps', app, 'main.js'))) {
      throw new PartFailed(app, `is not built; run: npx nest build ${app}`);
    }
  }
  const objects = join(directory, 'objects');
  await mkdir(objects, { recursive: true });
  const sessionKeyFile = join(directory, 'identity', 'session.key');
  if (!existsSync(sessionKeyFile)) {
    await writeFile(sessionKeyFile, randomBytes(32), { mode: 0o600 });
  }
  const siteFile = join(directory, 'site.json');
  await writeFile(siteFile, JSON.stringify(sandboxSite(fhirBaseUrl, identityProvider), undefined, 2));
  const databases = new Map<App, string>();
  for (const app of APPS) {
    databases.set(app, await postgres.createDatabase(app));
  }
  const models = { MODELS_DIR: join(REPOSITORY, 'models') };
  const common = (app: App): Environment => ({
    LOG_LEVEL: 'info',
    HTTP_HOST: LOOPBACK,
    HTTP_PORT: String(ports.http[app]),
    DATABASE_URL: databases.get(app) ?? '',
    KAFKA_BROKERS: kafka.brokers.join(','),
    OBJECT_STORE_URL: pathToFileURL(objects).href,
    OIDC_ISSUER: identityProvider.issuer,
    OIDC_AUDIENCE: audience,
    ...models,
  });
  const workerSettings = { LEASE_MS: '15000', STUDY_TIME_LIMIT_MS: '60000', SHUTDOWN_GRACE_MS: '10000' };
  const workers = Object.fromEntries<Environment>(
    workerApps.map((app) => [app, { ...common(app), ...workerSettings }]),
  ) as Record<WorkerApp, Environment>;
  return {
    'dicom-ingest': {
      ...common('dicom-ingest'),
      DICOM_HOST: LOOPBACK,
      DICOM_PORT: String(ports.dicom),
      DICOM_AE_TITLE: 'SIGHTLINE',
      QUIET_PERIOD_MS: '3000',
      REQUEST_DEADLINE_MS: '120000',
    },
    ...workers,
    'fhir-writer': {
      ...common('fhir-writer'),
      SITE_FILE: siteFile,
      SITE_TIMEZONE: 'Etc/UTC',
    },
    'audit-monitor': common('audit-monitor'),
    'reading-room': {
      ...common('reading-room'),
      PUBLIC_URL: `http://${LOOPBACK}:${ports.http['reading-room']}`,
      OIDC_CLIENT_ID: identityProvider.readingRoom.clientId,
      OIDC_CLIENT_SECRET_FILE: identityProvider.readingRoom.clientSecretFile,
      SESSION_KEY_FILE: sessionKeyFile,
      FHIR_BASE_URL: fhirBaseUrl,
      WEB_DIR: join(REPOSITORY, 'dist/apps/reading-room/web'),
    },
  };
}

/** What a hospital decides of itself, decided for the sandbox. */
function sandboxSite(fhirBaseUrl: string, { tokenUrl, fhirWriter }: IdentityProvider): object {
  return {
    // Nobody else reports what is sent to the sandbox.
    onlyReport: true,
    release: { '*': 'immediate' },
    destinations: [
      {
        kind: 'fhir',
        name: 'ehr',
        baseUrl: fhirBaseUrl,
        tokenUrl,
        clientId: fhirWriter.clientId,
        keyFile: fhirWriter.keyFile,
        // Its server takes a narrower scope for none at all.
        scope: 'system/*.cruds',
        // No hospital stands behind the sandbox's EHR that would know the patient first.
        patients: { rule: 'create', identifierSystem: 'urn:sightline:sandbox:patient-id' },
      },
    ],
  };
}
