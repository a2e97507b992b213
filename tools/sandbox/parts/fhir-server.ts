import { mkdir, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { buildJava } from './build-java.ts';
import { Child } from './child.ts';
import { freePort, LOOPBACK } from './ports.ts';
import type { Login } from './postgres.ts';

export interface FhirServerOptions {
  readonly directory: string;
  readonly port?: number;
  /** Whose access tokens are believed. The provider may start later: its keys are fetched with the first token. */
  readonly identityProvider: { readonly issuer: string; readonly jwksUrl: string };
  readonly audience?: string;
  /** A database of PostgreSQL; in memory (H2) when absent. */
  readonly database?: { readonly port: number; readonly name: string; readonly login: Login };
  readonly deadlineMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface FhirServer {
  /** Without a slash at the end: http://127.0.0.1:8090/fhir */
  readonly baseUrl: string;
  readonly port: number;
  readonly pid: number;
  readonly logFile: string;
  stop(): Promise<void>;
  kill(signal?: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
  restart(): Promise<void>;
  pause(): void;
  resume(): void;
  onExit: Child['onExit'];
}

/** HAPI FHIR JPA R4 behind bearer tokens. Open without one: /fhir/metadata and /health/ready. */
export async function startFhirServer(options: FhirServerOptions): Promise<FhirServer> {
  const port = options.port ?? (await freePort());
  const target = await buildJava('fhir-server', options.signal);
  await mkdir(options.directory, { recursive: true });
  const { database } = options;
  const child = await Child.start({
    name: 'FHIR server',
    command: 'java',
    args: [
      '-Xms256m',
      '-Xmx1g',
      '-XX:+UseSerialGC',
      // Starting is what a sandbox does most: the second compiler would cost more than it brings.
      '-XX:TieredStopAtLevel=1',
      '-Xshare:auto',
      '-cp',
      await classPath(target),
      'sightline.fhir.FhirServer',
    ],
    environment: {
      HTTP_HOST: LOOPBACK,
      HTTP_PORT: String(port),
      OIDC_ISSUER: options.identityProvider.issuer,
      OIDC_JWKS_URL: options.identityProvider.jwksUrl,
      OIDC_AUDIENCE: options.audience ?? 'sightline',
      ...(database === undefined
        ? { DATABASE_URL: 'jdbc:h2:mem:fhir;DB_CLOSE_DELAY=-1' }
        : {
            DATABASE_URL: `jdbc:postgresql://${LOOPBACK}:${database.port}/${database.name}`,
            DATABASE_USER: database.login.user,
            DATABASE_PASSWORD: database.login.password,
            DATABASE_DIALECT: 'ca.uhn.fhir.jpa.model.dialect.HapiFhirPostgresDialect',
          }),
    },
    // Lucene and HAPI write into the working directory.
    workingDirectory: options.directory,
    logFile: join(options.directory, 'fhir-server.log'),
    directory: options.directory,
    ports: [port],
    isReady: async () => (await fetch(`http://${LOOPBACK}:${port}/health/ready`)).ok,
    deadlineMs: options.deadlineMs ?? 600_000,
    signal: options.signal,
  });
  return {
    baseUrl: `http://${LOOPBACK}:${port}/fhir`,
    port,
    get pid() {
      return child.pid;
    },
    logFile: child.logFile,
    stop: () => child.stop(),
    kill: (signal) => child.kill(signal),
    start: () => child.start(),
    restart: () => child.restart(),
    pause: () => child.pause(),
    resume: () => child.resume(),
    onExit: (listener) => child.onExit(listener),
  };
}

/** Java looks a class up jar by jar: of more than 250, those that nearly all classes come from stand first. */
const OFTEN_ASKED =
  /^(spring-|hapi-fhir|hibernate|org\.hl7|commons-lang3|tomcat|slf4j|logback|guava|h2|postgres|antlr|jackson)/;

async function classPath(target: string): Promise<string> {
  const names = (await readdir(join(target, 'lib'))).sort();
  const ordered = [
    ...names.filter((name) => OFTEN_ASKED.test(name)),
    ...names.filter((name) => !OFTEN_ASKED.test(name)),
  ];
  return [join(target, 'fhir-server-1.jar'), ...ordered.map((name) => join(target, 'lib', name))].join(delimiter);
}
