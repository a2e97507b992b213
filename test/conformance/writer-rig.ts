import { join } from 'node:path';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { freePort, startFhirServer, startPostgres, type FhirServer, type Postgres } from '../support/index.ts';
import { startFhirProxy, type FhirProxy } from './fhir-proxy.ts';
import { startWriterParts, type Writer, type WriterParts } from './writer-parts.ts';

export type { Writer } from './writer-parts.ts';

/** fhir-writer with a real FHIR server as its destination `ehr`. */
export interface WriterRig extends Omit<WriterParts, 'startWriter'> {
  readonly proxy: FhirProxy;
  readonly server: FhirServer;
  readonly postgresOfServer: Postgres;
  /** Starts a writer (or one more replica) at this site, and resolves once it is ready. */
  startWriter(site?: SiteOptions): Promise<Writer>;
  /** What the FHIR server holds, asked directly. */
  search<R extends Resource>(query: string): Promise<R[]>;
  /** Writes to the FHIR server as somebody else would. */
  put(resource: Resource): Promise<void>;
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

export const patientSystem = 'urn:example:hospital:patients';

/** A FHIR server that has just started takes its time over the first report. */
export const coldServerMs = 90_000;

/** An older system as a destination beside `ehr`, which says whose a report is. */
export function olderSystem(port: number): Record<string, unknown> {
  return {
    kind: 'hl7v2',
    name: 'older',
    host: '127.0.0.1',
    port,
    receiving: { application: 'EHR', facility: 'HOSPITAL' },
    identity: 'ehr',
  };
}

/** `ownPostgres`: the server's database stands on a PostgreSQL of its own. */
export async function startWriterRig({ ownPostgres = false }: { ownPostgres?: boolean } = {}): Promise<WriterRig> {
  const parts = await startWriterParts();
  const { identity } = parts;
  const own = ownPostgres ? await startPostgres({ directory: join(parts.directory, 'postgres-of-server') }) : undefined;
  const postgres = own ?? parts.postgres;
  await postgres.createDatabase('fhir');
  const server = await startFhirServer({
    directory: join(parts.directory, 'fhir'),
    identityProvider: identity,
    database: { port: postgres.port, name: 'fhir', login: postgres.loginFor('fhir') },
  });
  const proxy = await startFhirProxy(server.baseUrl, await freePort());

  const authorized = async (): Promise<Record<string, string>> => ({
    authorization: `Bearer ${await identity.token('system')}`,
    'content-type': 'application/fhir+json',
    'cache-control': 'no-cache',
  });

  return {
    ...parts,
    proxy,
    server,
    postgresOfServer: postgres,
    startWriter({ patients, ehr, others = [], quarantineRecheckMs = 500, ...site } = {}) {
      const chart = {
        kind: 'fhir',
        name: 'ehr',
        baseUrl: proxy.baseUrl,
        tokenUrl: identity.tokenUrl,
        clientId: identity.fhirWriter.clientId,
        keyFile: identity.fhirWriter.keyFile,
        scope: 'system/*.cruds',
        patients: { rule: 'create', identifierSystem: patientSystem, ...patients },
        ...ehr,
      };
      return parts.startWriter({ ...site, destinations: [chart, ...others] }, { quarantineRecheckMs });
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
      await proxy.disconnect();
      await server.stop();
      await own?.stop();
      await parts.stop();
    },
  };
}
