export { startFhirServer, type FhirServer, type FhirServerOptions } from '../../tools/sandbox/parts/fhir-server.ts';
export {
  startIdentityProvider,
  type IdentityProvider,
  type IdentityProviderOptions,
  type Role,
} from '../../tools/sandbox/parts/identity-provider.ts';
export { startKafka, type Kafka, type KafkaOptions } from '../../tools/sandbox/parts/kafka.ts';
export { freePort } from '../../tools/sandbox/parts/ports.ts';
export { startPostgres, type Postgres, type PostgresOptions } from '../../tools/sandbox/parts/postgres.ts';
export { temporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';
export { waitFor } from './wait-for.ts';
export { echoscu, storescu } from './dcmtk.ts';
export { resultTypes, validateEverything } from './validate-everything.ts';
export { testManifest } from './test-manifest.ts';
