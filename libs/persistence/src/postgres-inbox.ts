import type { Failure, TopicName } from '@sightline/contracts';
import { failed, Inbox, type Failed, type Outcome, type RawRecord, type Recorded } from '@sightline/messaging';
import type { DataSource } from 'typeorm';
import { classifyError } from './classify-error.ts';
import type { Tx } from './tx.ts';

/** Carries a returned failure out of a transaction, so that it rolls back. */
class RolledBack extends Error {
  constructor(readonly outcome: Failed) {
    super(outcome.failure.message);
  }
}

interface RecordRow {
  topic: string;
  partition: number;
  record_offset: string;
  key: Buffer | null;
  value: Buffer | null;
  headers: Record<string, string>;
  attempt: number;
}

export class PostgresInbox extends Inbox<Tx> {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  async isDone(topic: TopicName, id: string): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>('select 1 from inbox where topic = $1 and event_id = $2', [
      topic,
      id,
    ]);
    return rows.length > 0;
  }

  /**
   * The inbox row is inserted first: a second replica with the same event waits for the first to end, then finds the row and
   * leaves `work` undone.
   */
  async record(topic: TopicName, id: string, work: (tx: Tx) => Promise<void | Failed>): Promise<Outcome> {
    try {
      return await this.dataSource.transaction(async (tx) => {
        const inserted = await tx.query<unknown[]>(
          'insert into inbox (topic, event_id) values ($1, $2) on conflict do nothing returning 1',
          [topic, id],
        );
        if (inserted.length > 0) {
          const returned = await work(tx);
          if (returned !== undefined) throw new RolledBack(returned);
        }
        return { kind: 'recorded' } as Recorded;
      });
    } catch (error) {
      if (error instanceof RolledBack) return error.outcome;
      const failure = classifyError(error);
      if (failure.kind === 'unavailable') return failed('unavailable', failure.message);
      throw error;
    }
  }

  async retryLater(record: RawRecord, attempt: number, failure: Failure, delayMs: number): Promise<void> {
    await this.dataSource.query(
      `insert into retry (topic, partition, record_offset, key, value, headers, attempt, failure, not_before)
       values ($1, $2, $3, $4, $5, $6, $7, $8, now() + $9 * interval '1 millisecond')
       on conflict (topic, partition, record_offset)
       do update set attempt = excluded.attempt, failure = excluded.failure, not_before = excluded.not_before`,
      [...recordValues(record), attempt, JSON.stringify(failure), delayMs],
    );
  }

  async giveUp(record: RawRecord, failure: Failure): Promise<void> {
    await this.dataSource.query(
      `insert into dead (topic, partition, record_offset, key, value, headers, failure)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      [...recordValues(record), JSON.stringify(failure)],
    );
  }

  async takeDue(limit: number, hiddenMs: number): Promise<{ record: RawRecord; attempt: number }[]> {
    const [rows] = await this.dataSource.query<[RecordRow[], number]>(
      `update retry set not_before = now() + $2 * interval '1 millisecond'
       where (topic, partition, record_offset) in (
         select topic, partition, record_offset from retry where not_before <= now()
         order by not_before limit $1 for update skip locked)
       returning topic, partition, record_offset, key, value, headers, attempt`,
      [limit, hiddenMs],
    );
    return rows.map((row) => ({
      attempt: row.attempt,
      record: {
        topic: row.topic,
        partition: row.partition,
        offset: row.record_offset,
        key: row.key ?? undefined,
        value: row.value ?? undefined,
        headers: row.headers,
      },
    }));
  }

  async settle(record: RawRecord): Promise<void> {
    await this.dataSource.query('delete from retry where topic = $1 and partition = $2 and record_offset = $3', [
      record.topic,
      record.partition,
      record.offset,
    ]);
  }

  classify(error: unknown): Failure {
    return classifyError(error);
  }
}

function recordValues(record: RawRecord): unknown[] {
  return [
    record.topic,
    record.partition,
    record.offset,
    record.key ?? null,
    record.value ?? null,
    JSON.stringify(record.headers),
  ];
}
