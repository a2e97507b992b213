import type { App, MessageOf, TopicName } from '@sightline/contracts';
import { Outbox, OutboxStore, toEvent, type OutboxSession } from '@sightline/messaging';
import type { DataSource, QueryRunner } from 'typeorm';
import type { Tx } from './tx.ts';

const relayLock = 7_241_002;

export class PostgresOutbox extends Outbox<Tx> {
  constructor(private readonly app: App) {
    super();
  }

  async add<T extends TopicName>(tx: Tx, topic: T, body: MessageOf<T>, traceparent?: string): Promise<void> {
    const event = toEvent(this.app, topic, body, traceparent);
    await tx.query(
      `insert into outbox (topic, event_id, key, headers, value) values ($1, $2, $3, $4, $5)
       on conflict (topic, event_id) do nothing`,
      [topic, event.id, event.key, JSON.stringify(event.headers), event.value],
    );
  }

  async again(tx: Tx, topic: TopicName, id: string): Promise<boolean> {
    const [, affected] = await tx.query<[unknown, number]>(
      'update outbox set published_at = null where topic = $1 and event_id = $2',
      [topic, id],
    );
    return affected > 0;
  }
}

interface OutboxRow {
  row_id: string;
  topic: TopicName;
  event_id: string;
  key: string;
  headers: Record<string, string>;
  value: string;
}

export class PostgresOutboxStore extends OutboxStore {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  /** The lock belongs to one connection and goes with it, however this process ends. */
  async lead(work: (session: OutboxSession) => Promise<void>): Promise<boolean> {
    const runner = this.dataSource.createQueryRunner();
    await runner.connect();
    try {
      const { records } = await runner.query('select pg_try_advisory_lock($1) as held', [relayLock], true);
      if (!records.some(({ held }: { held?: unknown }) => held === true)) return false;
      await work(session(runner));
      return true;
    } finally {
      await runner.query('select pg_advisory_unlock_all()').catch(() => undefined);
      await runner.release();
    }
  }
}

function session(runner: QueryRunner): OutboxSession {
  return {
    async unpublished(limit) {
      const { records } = await runner.query(
        `select row_id, topic, event_id, key, headers, value from outbox
         where published_at is null order by row_id limit $1`,
        [limit],
        true,
      );
      return records.map((row: OutboxRow) => ({
        row: row.row_id,
        event: { topic: row.topic, id: row.event_id, key: row.key, headers: row.headers, value: row.value },
      }));
    },
    async markPublished(rows) {
      await runner.query('update outbox set published_at = now() where row_id = any($1::bigint[])', [rows]);
    },
  };
}
