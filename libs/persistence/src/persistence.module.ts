import type { App } from '@sightline/contracts';
import { connectKafka, Inbox, KafkaStrategy, Outbox, Relay } from '@sightline/messaging';
import { Logger, Readiness } from '@sightline/platform';
import {
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import { openDatabase, type DatabaseOptions } from './database.ts';
import { DeadLetters } from './dead-letters.ts';
import { PostgresInbox } from './postgres-inbox.ts';
import { PostgresOutbox, PostgresOutboxStore } from './postgres-outbox.ts';

export interface PersistenceOptions extends Pick<DatabaseOptions, 'entities' | 'migrations'> {
  app: App;
  config: { databaseUrl: string; kafkaBrokers: readonly string[] };
}

const KAFKA = Symbol('Kafka');

@Module({})
export class PersistenceModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(Relay) private readonly relay: Relay,
    @Inject(DataSource) private readonly dataSource: DataSource,
    @Inject(Readiness) readiness: Readiness,
  ) {
    readiness.add('database', async () => {
      await dataSource.query('select 1');
    });
  }

  /** An app's own database with inbox, outbox and dead rows, its relay, and the transport its handlers are called by. */
  static forApp({ app, config, entities, migrations }: PersistenceOptions): DynamicModule {
    return {
      module: PersistenceModule,
      global: true,
      providers: [
        {
          provide: DataSource,
          useFactory: () => openDatabase({ url: config.databaseUrl, app, entities, migrations }),
        },
        { provide: KAFKA, inject: [Logger], useFactory: (log: Logger) => connectKafka(config.kafkaBrokers, app, log) },
        { provide: Inbox, inject: [DataSource], useFactory: (source: DataSource) => new PostgresInbox(source) },
        { provide: Outbox, useFactory: () => new PostgresOutbox(app) },
        { provide: DeadLetters, inject: [DataSource], useFactory: (source: DataSource) => new DeadLetters(source) },
        {
          provide: Relay,
          inject: [DataSource, KAFKA, Logger],
          useFactory: (source: DataSource, kafka: ReturnType<typeof connectKafka>, log: Logger) =>
            new Relay(new PostgresOutboxStore(source), kafka, log),
        },
        {
          provide: KafkaStrategy,
          inject: [KAFKA, Inbox, Logger, Readiness],
          useFactory: (kafka: ReturnType<typeof connectKafka>, inbox: PostgresInbox, log: Logger, ready: Readiness) =>
            new KafkaStrategy(app, kafka, inbox, log, ready),
        },
      ],
      exports: [DataSource, Outbox, Inbox, DeadLetters, KafkaStrategy],
    };
  }

  onApplicationBootstrap(): void {
    this.relay.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.relay.stop();
    await this.dataSource.destroy();
  }
}
