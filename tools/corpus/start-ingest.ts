import { join } from 'node:path';
import { Child } from '../sandbox/parts/child.ts';
import { freePort, LOOPBACK } from '../sandbox/parts/ports.ts';
import { REPOSITORY } from '../sandbox/parts/repository.ts';

export interface IngestOptions {
  /** Holds the log. */
  directory: string;
  databaseUrl: string;
  brokers: readonly string[];
  objectStoreUrl: string;
  modelsDir: string;
  /** Whose dicom-ingest; without it this checkout's. */
  repository?: string;
  oidcIssuer?: string;
  /** Further configuration, by environment name. */
  environment?: Readonly<Record<string, string>>;
  /** A command to run the process under, for example a tracer. */
  under?: readonly string[];
  name?: string;
}

export interface Ingest {
  dicom: { host: string; port: number; aeTitle: string };
  httpUrl: string;
  child: Child;
}

/** dicom-ingest as a process of its own, ready when its port for DICOM listens and its parts answer. */
export async function startIngest(options: IngestOptions): Promise<Ingest> {
  const [dicomPort, httpPort] = [await freePort(), await freePort()];
  const name = options.name ?? 'dicom-ingest';
  const repository = options.repository ?? REPOSITORY;
  const own = [process.execPath, '--import', 'tsx', join(repository, 'apps/dicom-ingest/src/main.ts')];
  const [command = process.execPath, ...args] = [...(options.under ?? []), ...own];
  const httpUrl = `http://${LOOPBACK}:${httpPort}`;
  const child = await Child.start({
    name,
    command,
    args,
    workingDirectory: repository,
    environment: {
      NODE_OPTIONS: '',
      HTTP_PORT: String(httpPort),
      DICOM_PORT: String(dicomPort),
      DATABASE_URL: options.databaseUrl,
      KAFKA_BROKERS: options.brokers.join(','),
      OBJECT_STORE_URL: options.objectStoreUrl,
      OIDC_ISSUER: options.oidcIssuer ?? `http://${LOOPBACK}:9`,
      MODELS_DIR: options.modelsDir,
      QUIET_PERIOD_MS: '1000',
      ...options.environment,
    },
    logFile: join(options.directory, `${name}.log`),
    directory: options.directory,
    ports: [dicomPort, httpPort],
    isReady: async () => (await fetch(`${httpUrl}/health/ready`)).ok,
    deadlineMs: 90_000,
  });
  return { dicom: { host: LOOPBACK, port: dicomPort, aeTitle: 'SIGHTLINE' }, httpUrl, child };
}
