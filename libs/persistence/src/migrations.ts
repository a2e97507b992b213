import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';

/** Replicas that start together migrate one after the other. */
const migrationLock = 7_241_001;

export type Migration = new () => MigrationInterface;

/**
 * A migration of plain SQL. It only adds, so that the release before still runs on the result; there is no way down.
 * `timestamp` orders migrations: 13 digits, milliseconds.
 */
export function sqlMigration(timestamp: number, name: string, statements: readonly string[]): Migration {
  return class implements MigrationInterface {
    readonly name = `${name}${timestamp}`;

    async up(runner: QueryRunner): Promise<void> {
      for (const statement of statements) await runner.query(statement);
    }

    async down(): Promise<void> {
      throw new Error('migrations only add; restore a backup instead');
    }
  };
}

/** Runs what has not run yet, all or nothing, under an advisory lock. */
export async function migrate(dataSource: DataSource): Promise<void> {
  const guard = dataSource.createQueryRunner();
  await guard.connect();
  try {
    await guard.query('select pg_advisory_lock($1)', [migrationLock]);
    await dataSource.runMigrations({ transaction: 'all' });
  } finally {
    await guard.query('select pg_advisory_unlock($1)', [migrationLock]).catch(() => undefined);
    await guard.release();
  }
}
