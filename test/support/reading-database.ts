import { join } from 'node:path';
import { openDatabase, type DataSource } from '@sightline/persistence';
import { startPostgres, temporaryDirectory, type Postgres } from './index.ts';
import { readingMigrations } from '../../apps/reading-room/src/reading-migrations.ts';

/** The reading room's database, on a PostgreSQL of its own. */
export interface ReadingDatabase {
  source: DataSource;
  postgres: Postgres;
  /** A folder to throw away. */
  directory: string;
  stop(): Promise<void>;
}

export async function startReadingDatabase(): Promise<ReadingDatabase> {
  const directory = await temporaryDirectory('reading-room');
  const postgres = await startPostgres({ directory: join(directory.path, 'postgres') });
  const url = await postgres.createDatabase('reading_room');
  const source = await openDatabase({ url, app: 'reading-room', entities: [], migrations: readingMigrations });
  return {
    source,
    postgres,
    directory: directory.path,
    async stop() {
      await source.destroy();
      await postgres.stop();
      await directory.remove();
    },
  };
}
