import { type DynamicModule, Module } from '@nestjs/common';
import { Outbox } from '@sightline/messaging';
import { ObjectStore, openObjectStore } from '@sightline/object-store';
import { DataSource, PersistenceModule, type Tx } from '@sightline/persistence';
import { Logger, Readiness } from '@sightline/platform';
import { AnswerController } from './answer.controller.ts';
import type { Config } from './config.ts';
import { Circuits } from './deliveries/circuit.ts';
import { Deliver } from './deliveries/deliver.ts';
import { DeliveryStore } from './deliveries/delivery-store.ts';
import type { Destination } from './deliveries/destination.ts';
import { RecordDelivery } from './deliveries/record-delivery.ts';
import { RunDeliveries } from './deliveries/run-deliveries.ts';
import { AskedCommitments } from './dicom/asked-commitments.ts';
import { HearOfCommitments } from './dicom/hear-of-commitments.ts';
import { KeptObjects } from './dicom/kept-objects.ts';
import { HearFeedback } from './feedback/hear-feedback.ts';
import { WatchCharts, watchedCharts } from './feedback/watch-charts.ts';
import { HearOfPatients } from './hl7/hear-of-patients.ts';
import { openDestinations } from './open-destinations.ts';
import { filingMigrations } from './filing-migrations.ts';
import { KeySetController } from './key-set.controller.ts';
import { QuarantineController } from './quarantine.controller.ts';
import { RecallController } from './recall.controller.ts';
import { pagesFrom } from './report-page/page-of.ts';
import { AcceptAnswer } from './reports/accept-answer.ts';
import { AcceptRejection } from './reports/accept-rejection.ts';
import { AcceptReview } from './reports/accept-review.ts';
import { KnownModels } from './reports/known-models.ts';
import { MoveReport } from './reports/move-report.ts';
import { WithdrawReports } from './reports/recall.ts';
import { RecordAnswer } from './reports/record-answer.ts';
import { SetAside } from './reports/set-aside.ts';
import { RejectionController } from './rejection.controller.ts';
import { ReviewController } from './review.controller.ts';
import { releaseOf, Site } from './site.ts';

const DESTINATIONS = Symbol('DESTINATIONS');

/** inference.completed → report → each destination, when the release allows it and the patient is sure → report.filed. */
@Module({})
export class FhirWriterModule {
  static forApp(config: Config, site: Site): DynamicModule {
    const names = site.destinations.map(({ name }) => name);
    return {
      module: FhirWriterModule,
      imports: [PersistenceModule.forApp({ app: 'fhir-writer', config, entities: [], migrations: filingMigrations })],
      controllers: [
        AnswerController,
        RejectionController,
        ReviewController,
        QuarantineController,
        RecallController,
        KeySetController,
      ],
      providers: [
        { provide: Site, useValue: site },
        { provide: ObjectStore, useFactory: () => openObjectStore(config.objectStoreUrl) },
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
          provide: AcceptAnswer,
          inject: [KnownModels],
          useFactory: (models: KnownModels) => new AcceptAnswer(models, names),
        },
        {
          provide: AcceptReview,
          inject: [Outbox, WithdrawReports],
          useFactory: (outbox: Outbox<Tx>, withdrawals: WithdrawReports) =>
            new AcceptReview(names, outbox, withdrawals),
        },
        { provide: Circuits, useFactory: () => new Circuits() },
        {
          provide: HearFeedback,
          inject: [Outbox],
          useFactory: (outbox: Outbox<Tx>) => new HearFeedback(outbox, names),
        },
        {
          provide: WithdrawReports,
          inject: [Outbox],
          useFactory: (outbox: Outbox<Tx>) => new WithdrawReports(outbox, names),
        },
        {
          provide: AcceptRejection,
          inject: [WithdrawReports],
          useFactory: (withdrawals: WithdrawReports) => new AcceptRejection(withdrawals),
        },
        {
          provide: RecordAnswer,
          inject: [Outbox, Logger],
          useFactory: (outbox: Outbox<Tx>, log: Logger) => new RecordAnswer(outbox, log),
        },
        {
          provide: AskedCommitments,
          inject: [DataSource],
          useFactory: (source: DataSource) => new AskedCommitments(source),
        },
        { provide: KeptObjects, inject: [DataSource], useFactory: (source: DataSource) => new KeptObjects(source) },
        {
          provide: DESTINATIONS,
          inject: [Readiness, ObjectStore, KeptObjects, AskedCommitments],
          useFactory: async (...[readiness, objects, kept, asked]: DestinationsParts) => {
            const destinations = await openDestinations(site, { objects, kept, asked });
            for (const one of destinations) readiness.add(one.name, () => one.reach());
            return destinations;
          },
        },
        { provide: DeliveryStore, inject: [DataSource], useFactory: (source: DataSource) => new DeliveryStore(source) },
        {
          provide: Deliver,
          inject: [DeliveryStore, KnownModels, DataSource, Outbox, Logger, ObjectStore, HearFeedback],
          useFactory: (...[store, models, dataSource, outbox, log, objects, hears]: DeliverParts) =>
            new Deliver({
              store,
              models,
              dataSource,
              records: new RecordDelivery(store, outbox, log),
              touched: new SetAside(store, hears),
              moves: new MoveReport(outbox, names),
              releaseOf: (model) => releaseOf(site, model),
              siteTimezone: config.siteTimezone,
              quarantineRecheckMs: config.quarantineRecheckMs,
              pageOf: pagesFrom(objects, log),
            }),
        },
        {
          provide: HearOfPatients,
          inject: [DataSource, Outbox, Logger],
          useFactory: (...[source, outbox, log]: HearParts) => new HearOfPatients(site.adt, source, outbox, log),
        },
        {
          provide: HearOfCommitments,
          inject: [AskedCommitments, Logger],
          useFactory: (asked: AskedCommitments, log: Logger) => new HearOfCommitments(site, asked, log),
        },
        {
          provide: RunDeliveries,
          inject: [DESTINATIONS, DeliveryStore, Deliver, Circuits, Logger],
          useFactory: (...[destinations, store, deliver, circuits, log]: RunParts) =>
            new RunDeliveries(destinations, store, deliver, circuits, log),
        },
        {
          provide: WatchCharts,
          inject: [DESTINATIONS, HearFeedback, KnownModels, DataSource, Circuits, Logger],
          useFactory: (...[destinations, hears, models, dataSource, circuits, log]: WatchParts) =>
            new WatchCharts(watchedCharts(site, destinations), {
              hears,
              models,
              dataSource,
              circuits,
              log,
              siteTimezone: config.siteTimezone,
            }),
        },
      ],
    };
  }
}

type DestinationsParts = [Readiness, ObjectStore, KeptObjects, AskedCommitments];
type HearParts = [DataSource, Outbox<Tx>, Logger];
type DeliverParts = [DeliveryStore, KnownModels, DataSource, Outbox<Tx>, Logger, ObjectStore, HearFeedback];
type RunParts = [Destination[], DeliveryStore, Deliver, Circuits, Logger];
type WatchParts = [Destination[], HearFeedback, KnownModels, DataSource, Circuits, Logger];
