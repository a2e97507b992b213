import {
  type BeforeApplicationShutdown,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Outbox } from '@sightline/messaging';
import { DataSource, inTransaction, PersistenceModule, type Tx } from '@sightline/persistence';
import { Logger, periodically, type Repeating } from '@sightline/platform';
import { AnnounceDecision } from './announce-decision.ts';
import { AuditEventController } from './audit-event.controller.ts';
import type { AuditMonitorConfig } from './config.ts';
import { DecideRole } from './decide-role.ts';
import { FirstSight } from './first-sight.ts';
import { modelMigrations } from './model-migrations.ts';
import { MODELS_DIR, ModelsController } from './models.controller.ts';
import { ReadingsController } from './readings.controller.ts';
import { retellRoles } from './retell-roles.ts';
import { TrailController } from './trail.controller.ts';
import { trailMigrations } from './trail-migrations.ts';
import { Transactions } from './transactions.ts';

const POLL_MS = Symbol('modelsPollMs');

/**
 * audit.recorded, review.recorded → one hash-chained trail → FHIR AuditEvent for compliance; models folder and decisions of
 *  operators → the part each version plays → model.role-changed; inference.completed → how far shadows agree with primaries.
 */
@Module({})
export class AuditMonitorModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private looking: Repeating | undefined;

  constructor(
    @Inject(FirstSight) private readonly firstSight: FirstSight,
    @Inject(Transactions) private readonly transactions: Transactions,
    @Inject(Outbox) private readonly outbox: Outbox<Tx>,
    @Inject(Logger) private readonly log: Logger,
    @Inject(POLL_MS) private readonly pollMs: number,
  ) {}

  static forApp(config: AuditMonitorConfig): DynamicModule {
    const migrations = [...trailMigrations, ...modelMigrations];
    return {
      module: AuditMonitorModule,
      imports: [PersistenceModule.forApp({ app: 'audit-monitor', config, entities: [], migrations })],
      controllers: [TrailController, AuditEventController, ReadingsController, ModelsController],
      providers: [
        { provide: MODELS_DIR, useValue: config.modelsDir },
        { provide: POLL_MS, useValue: config.modelsPollMs },
        {
          provide: Transactions,
          inject: [DataSource],
          useFactory: (source: DataSource): Transactions => ({ run: (work) => inTransaction(source, work) }),
        },
        {
          provide: AnnounceDecision,
          inject: [Outbox],
          useFactory: (outbox: Outbox<Tx>) => new AnnounceDecision(outbox),
        },
        {
          provide: DecideRole,
          inject: [Transactions, AnnounceDecision],
          useFactory: (transactions: Transactions, announce: AnnounceDecision) =>
            new DecideRole(transactions, announce, config.modelsDir),
        },
        {
          provide: FirstSight,
          inject: [Transactions, AnnounceDecision, Logger],
          useFactory: (transactions: Transactions, announce: AnnounceDecision, log: Logger) =>
            new FirstSight(transactions, announce, log, config.modelsDir),
        },
      ],
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.transactions.run((tx) => retellRoles(tx, this.outbox));
    this.looking = periodically('look-at-models', this.pollMs, this.log, () => this.firstSight.look());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.looking?.stop();
  }
}
