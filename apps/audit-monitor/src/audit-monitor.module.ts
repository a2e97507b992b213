import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource, inTransaction, PersistenceModule } from '@sightline/persistence';
import type { BaseConfig } from '@sightline/platform';
import { AuditEventController } from './audit-event.controller.ts';
import { TrailController } from './trail.controller.ts';
import { trailMigrations } from './trail-migrations.ts';
import { Transactions } from './transactions.ts';

/** audit.recorded, review.recorded → one hash-chained trail → FHIR AuditEvent for compliance. */
@Module({})
export class AuditMonitorModule {
  static forApp(config: BaseConfig): DynamicModule {
    return {
      module: AuditMonitorModule,
      imports: [PersistenceModule.forApp({ app: 'audit-monitor', config, entities: [], migrations: trailMigrations })],
      controllers: [TrailController, AuditEventController],
      providers: [
        {
          provide: Transactions,
          inject: [DataSource],
          useFactory: (source: DataSource): Transactions => ({ run: (work) => inTransaction(source, work) }),
        },
      ],
    };
  }
}
