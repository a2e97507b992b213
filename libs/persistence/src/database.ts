import { DataSource, type EntitySchema } from 'typeorm';
import { meshMigrations } from './mesh-migrations.ts';
import { migrate, type Migration } from './migrations.ts';

type Entity = EntitySchema | (new () => object);

export interface DatabaseOptions {
  url: string;
  /** Shown in pg_stat_activity. */
  app: string;
  entities: readonly Entity[];
  migrations: readonly Migration[];
  /** Connections at most; the relay holds one for itself. */
  poolSize?: number;
}

/** Opens an app's own database and brings its schema up to date. Rejects where the database cannot be reached. */
export async function openDatabase(options: DatabaseOptions): Promise<DataSource> {
  const dataSource = new DataSource({
    type: 'postgres',
    url: options.url,
    applicationName: options.app,
    entities: [...options.entities],
    migrations: [...meshMigrations, ...options.migrations],
    synchronize: false,
    logging: false,
    poolSize: options.poolSize ?? 12,
    connectTimeoutMS: 5_000,
    extra: { statement_timeout: 30_000, idle_in_transaction_session_timeout: 60_000, keepAlive: true },
    poolErrorHandler: () => undefined,
  });
  await dataSource.initialize();
  try {
    await migrate(dataSource);
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
  return dataSource;
}
