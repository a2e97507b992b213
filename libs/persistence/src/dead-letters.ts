import type { Failure } from '@sightline/contracts';
import type { DataSource } from 'typeorm';

export interface DeadRow {
  row: string;
  topic: string;
  partition: number;
  offset: string;
  failure: Failure;
  diedAt: Date;
  replayedAt: Date | undefined;
}

/** Records an app gave up on, for a person to look at and to send on their way again. */
export class DeadLetters {
  constructor(private readonly dataSource: DataSource) {}

  /** Newest first. */
  async list(limit = 100): Promise<DeadRow[]> {
    const rows = await this.dataSource.query<
      {
        row_id: string;
        topic: string;
        partition: number;
        record_offset: string;
        failure: Failure;
        died_at: Date;
        replayed_at: Date | null;
      }[]
    >(
      `select row_id, topic, partition, record_offset, failure, died_at, replayed_at
       from dead order by row_id desc limit $1`,
      [limit],
    );
    return rows.map((row) => ({
      row: row.row_id,
      topic: row.topic,
      partition: row.partition,
      offset: row.record_offset,
      failure: row.failure,
      diedAt: row.died_at,
      replayedAt: row.replayed_at ?? undefined,
    }));
  }

  /** Puts a dead row's record, with its key, body and id, back to be handled at once; false where there is no such row. */
  async replay(row: string): Promise<boolean> {
    return this.dataSource.transaction(async (tx) => {
      const [, found] = await tx.query<[unknown, number]>('update dead set replayed_at = now() where row_id = $1', [
        row,
      ]);
      if (found === 0) return false;
      await tx.query(
        `insert into retry (topic, partition, record_offset, key, value, headers, attempt, failure, not_before)
         select topic, partition, record_offset, key, value, headers, 1, failure, now() from dead where row_id = $1
         on conflict (topic, partition, record_offset) do update set attempt = 1, not_before = now()`,
        [row],
      );
      return true;
    });
  }
}
