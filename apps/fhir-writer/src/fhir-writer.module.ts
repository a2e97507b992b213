import { type DynamicModule, Module } from '@nestjs/common';
import { Outbox } from '@sightline/messaging';
import { DataSource, PersistenceModule, type Tx } from '@sightline/persistence';
import { Logger, Readiness } from '@sightline/platform';

import { AnswerController } from './answer.controller.ts';
import { BackendToken } from './backend-token.ts';
import type { Config } from './config.ts';
import { DecideFiling } from './decide-filing.ts';
import { FhirClient } from './fhir-client.ts';
import { filingMigrations } from './filing-migrations.ts';
import { FilingStore } from './filing-store.ts';
import { Issuers } from './issuers.ts';
import { KnownModels } from './known-models.ts';
import { RecheckQuarantine } from './recheck-quarantine.ts';
import { RecordDecision } from './record-decision.ts';
import { ResolvePatient } from './resolve-patient.ts';
import { WriteReport } from './write-report.ts';

/** inference.completed → release → patient → chart → report.filed; what does not get there leaves a row that says why. */
@Module({})
export class FhirWriterModule {
  static forApp(config: Config): DynamicModule {
    return {
      module: FhirWriterModule,
      imports: [PersistenceModule.forApp({ app: 'fhir-writer', config, entities: [], migrations: filingMigrations })],
      controllers: [AnswerController],
      providers: [
        { provide: FilingStore, inject: [DataSource], useFactory: (source: DataSource) => new FilingStore(source) },
        {
          provide: KnownModels,
          inject: [DataSource, Logger],
          useFactory: async (source: DataSource, log: Logger) => {
            const models = new KnownModels(config.modelsDir, source, log);
            await models.learn();
            return models;
          },
        },
        {
          provide: FhirClient,
          inject: [Readiness],
          useFactory: (readiness: Readiness) => {
            const token = new BackendToken({
              tokenUrl: config.fhirTokenUrl,
              clientId: config.fhirClientId,
              keyFile: config.fhirClientKeyFile,
            });
            const client = new FhirClient(config.fhirBaseUrl, token);
            readiness.add('fhir-server', () => client.reach());
            return client;
          },
        },
        {
          provide: ResolvePatient,
          inject: [FhirClient],
          useFactory: async (fhir: FhirClient) =>
            new ResolvePatient(
              fhir,
              await Issuers.read(
                { fallback: config.patientIdentifierSystem, unmappedGetOwn: config.patientRule === 'create' },
                config.patientIssuersFile,
              ),
              config.patientRule,
            ),
        },
        {
          provide: DecideFiling,
          inject: [FilingStore, KnownModels, ResolvePatient, FhirClient],
          useFactory: (store: FilingStore, models: KnownModels, patients: ResolvePatient, fhir: FhirClient) =>
            new DecideFiling({
              store,
              models,
              patients,
              reports: new WriteReport(fhir),
              releaseOverride: config.releaseOverride,
              siteTimezone: config.siteTimezone,
            }),
        },
        {
          provide: RecordDecision,
          inject: [FilingStore, Outbox, Logger],
          useFactory: (store: FilingStore, outbox: Outbox<Tx>, log: Logger) => new RecordDecision(store, outbox, log),
        },
        {
          provide: RecheckQuarantine,
          inject: [FilingStore, DecideFiling, RecordDecision, DataSource, Logger],
          useFactory: (...[store, filing, decisions, dataSource, log]: RecheckParts) =>
            new RecheckQuarantine({ store, filing, decisions, dataSource, log, everyMs: config.quarantineRecheckMs }),
        },
      ],
    };
  }
}

type RecheckParts = [FilingStore, DecideFiling, RecordDecision, DataSource, Logger];
