import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Scp, type ScpOptions } from '@sightline/dimse';
import { Outbox } from '@sightline/messaging';
import { ObjectStore, openObjectStore } from '@sightline/object-store';
import { DataSource, PersistenceModule, type Tx } from '@sightline/persistence';
import { counter, gauge, Logger, periodically, Readiness, type Repeating } from '@sightline/platform';
import { AcceptInstance } from './accept-instance.ts';
import { AnswersController } from './answers.controller.ts';
import { Audit } from './audit.ts';
import { CompleteStudy } from './complete-study.ts';
import type { IngestConfig } from './config.ts';
import { ingestMigrations } from './ingest-migrations.ts';
import { InstanceEntity } from './instance.entity.ts';
import { ModelShelf } from './model-shelf.ts';
import { ReceiveInstance } from './receive-instance.ts';
import { RejectInstances } from './reject-instances.ts';
import { RepeatRequests } from './repeat-requests.ts';
import { RequestEntity } from './request.entity.ts';
import { RevisionEntity } from './revision.entity.ts';
import { RolesController } from './roles.controller.ts';
import { StoreParts } from './store-parts.ts';
import { storeScp } from './store-scp.ts';
import { StowController } from './stow.controller.ts';
import { StudyEntity } from './study.entity.ts';
import { SweepObjects } from './sweep-objects.ts';

/** How often rows are looked at whose time may have come. */
const tickMs = 250;
const sweepMs = 600_000;
const shelfMs = 3_000;

/** Peers may finish what they are sending when the app is told to stop. */
const graceMs = 5_000;

const endings = counter('sightline_ingest_associations_total', 'Associations by how they ended', ['ending']);
const open = gauge('sightline_ingest_associations_open', 'Associations being served');

@Module({})
export class DicomIngestModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private repeating: Repeating[] = [];

  constructor(
    @Inject(Scp) private readonly scp: Scp,
    @Inject(CompleteStudy) private readonly completeStudy: CompleteStudy,
    @Inject(RepeatRequests) private readonly repeatRequests: RepeatRequests,
    @Inject(SweepObjects) private readonly sweepObjects: SweepObjects,
    @Inject(ModelShelf) private readonly shelf: ModelShelf,
    @Inject(Logger) private readonly log: Logger,
  ) {}

  /** The way of the data: SCP and STOW → receive → accept → complete → route → requests, and their answers. */
  static forConfig(config: IngestConfig): DynamicModule {
    const entities = [StudyEntity, RevisionEntity, InstanceEntity, RequestEntity];
    return {
      module: DicomIngestModule,
      imports: [PersistenceModule.forApp({ app: 'dicom-ingest', entities, migrations: ingestMigrations, config })],
      controllers: [StowController, AnswersController, RolesController],
      providers: [
        { provide: ObjectStore, useFactory: () => openObjectStore(config.objectStoreUrl) },
        {
          provide: ModelShelf,
          inject: [Logger],
          useFactory: (log: Logger) => ModelShelf.open(config.modelsDir, log),
        },
        { provide: Audit, inject: [Outbox], useFactory: (outbox: Outbox<Tx>) => new Audit(outbox) },
        {
          provide: AcceptInstance,
          inject: [DataSource, Outbox, Audit],
          useFactory: (source: DataSource, outbox: Outbox<Tx>, audit: Audit) => {
            const { quietPeriodMs } = config;
            const rejections = new RejectInstances(outbox, audit, quietPeriodMs);
            return new AcceptInstance(source, audit, rejections, quietPeriodMs);
          },
        },
        {
          provide: ReceiveInstance,
          inject: [ObjectStore, AcceptInstance, DataSource, Audit, Logger],
          useFactory: (store: ObjectStore, accept: AcceptInstance, source: DataSource, audit: Audit, log: Logger) =>
            new ReceiveInstance(store, accept, source, audit, log, config.maxInstanceBytes),
        },
        {
          provide: StoreParts,
          inject: [ReceiveInstance],
          useFactory: (receive: ReceiveInstance) => new StoreParts(receive),
        },
        {
          provide: Scp,
          inject: [ReceiveInstance, Logger, Readiness],
          useFactory: (receive: ReceiveInstance, log: Logger, readiness: Readiness) => {
            const scp = new Scp(scpOptions(config, receive), log);
            readiness.add('dicom-port', async () => {
              if (!scp.listening) throw new Error('not listening');
            });
            return scp;
          },
        },
        {
          provide: CompleteStudy,
          inject: [DataSource, Outbox, Audit, Logger, ModelShelf],
          useFactory: (source: DataSource, outbox: Outbox<Tx>, audit: Audit, log: Logger, shelf: ModelShelf) =>
            new CompleteStudy(source, outbox, audit, log, { ...config, models: () => shelf.manifests }),
        },
        {
          provide: RepeatRequests,
          inject: [DataSource, Outbox, Logger],
          useFactory: (source: DataSource, outbox: Outbox<Tx>, log: Logger) =>
            new RepeatRequests(source, outbox, log, config.requestDeadlineMs),
        },
        {
          provide: SweepObjects,
          inject: [ObjectStore, DataSource, Logger],
          useFactory: (store: ObjectStore, source: DataSource, log: Logger) => new SweepObjects(store, source, log),
        },
      ],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.scp.listen();
    this.repeating = [
      periodically('complete-study', tickMs, this.log, () => this.completeStudy.completeDue()),
      periodically('repeat-requests', tickMs * 4, this.log, () => this.repeatRequests.repeatDue()),
      periodically('look-at-models', shelfMs, this.log, () => this.shelf.look()),
      periodically('sweep-objects', sweepMs, this.log, () => this.sweepObjects.sweep()),
    ];
  }

  /** Before the database goes: peers finish what they are sending, jobs the row they are at. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.scp.close(graceMs);
    await Promise.all(this.repeating.map((job) => job.stop()));
  }
}

function scpOptions(config: IngestConfig, receive: ReceiveInstance): ScpOptions {
  return {
    host: config.dicomHost,
    port: config.dicomPort,
    aeTitle: config.dicomAeTitle,
    requireCalledAeTitle: config.dicomRequireCalledAeTitle,
    callingAeTitles: config.dicomCallingAeTitles,
    maxAssociations: config.dicomMaxAssociations,
    associateTimeoutMs: config.dicomAssociateTimeoutMs,
    idleTimeoutMs: config.dicomIdleTimeoutMs,
    store: storeScp(receive),
    watch: { open: (count) => open.set(count), ended: (ending) => endings.inc({ ending }) },
  };
}
