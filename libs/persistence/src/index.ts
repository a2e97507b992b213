export { openDatabase, type DatabaseOptions } from './database.ts';
export { DeadLetters, type DeadRow } from './dead-letters.ts';
export { sqlMigration, type Migration } from './migrations.ts';
export { PersistenceModule } from './persistence.module.ts';
export { PostgresInbox } from './postgres-inbox.ts';
export { PostgresOutbox, PostgresOutboxStore } from './postgres-outbox.ts';
export { inTransaction, type Tx } from './tx.ts';
export { WorkQueue, type Lease } from './work-queue.ts';
export { workQueueMigrations } from './work-queue-migrations.ts';
