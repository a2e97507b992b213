import type { DataSource, EntityManager } from 'typeorm';

/** The one way a handler reaches its database. */
export type Tx = EntityManager;

/** Runs `work` in a transaction of its own; what it throws rolls everything back and is thrown on. */
export function inTransaction<R>(dataSource: DataSource, work: (tx: Tx) => Promise<R>): Promise<R> {
  return dataSource.transaction(work);
}

/** As `inTransaction`, and whatever `work` reads is as it stood at one moment: nothing that others write meanwhile shows. */
export function inSnapshot<R>(dataSource: DataSource, work: (tx: Tx) => Promise<R>): Promise<R> {
  return dataSource.transaction('REPEATABLE READ', work);
}
