import type { Failure, Priority } from '@sightline/contracts';
import type { DataSource } from 'typeorm';
import type { Tx } from './tx.ts';
import { addToQueue, takeNext } from './work-queue-order.ts';

/** A request one runner holds for a while. `token` grows with every lease of the row: an older one can record nothing. */
export interface Lease<P> {
  id: string;
  token: string;
  /** 1 for the first try. */
  attempt: number;
  priority: Priority;
  payload: P;
  enqueuedAt: Date;
  deadline: Date;
  /** Until it was started; undefined where it had been started before. */
  waited: { seconds: number; beyondCap: boolean } | undefined;
}

/** A request to be queued. Those of one `source` take turns with those of others; '' is the source of all that name none. */
export interface NewWork<P> {
  id: string;
  priority: Priority;
  source: string;
  payload: P;
  deadline: Date;
}

export interface WorkQueueOptions {
  /** How long a request may wait until it is started. */
  startWithinMs: Readonly<Record<Priority, number>>;
}

interface WorkRow<P> {
  id: string;
  token: string;
  attempt: number;
  priority: number;
  payload: P;
  enqueued_at: Date;
  deadline: Date;
  is_first: boolean;
  waited: number;
  is_late: boolean;
}

const priorities: readonly Priority[] = ['stat', 'urgent', 'routine'];

/** Requests of one worker app, shared by its replicas; the database's clock is the only one. */
export class WorkQueue<P> {
  constructor(
    private readonly dataSource: DataSource,
    private readonly options: WorkQueueOptions,
  ) {}

  /** Queues a request in the transaction of the message that brought it; the same id twice is one row. */
  async enqueue(tx: Tx, work: NewWork<P>): Promise<void> {
    const priority = priorities.indexOf(work.priority);
    await tx.query(addToQueue, [work.id, priority, JSON.stringify(work.payload), work.deadline, work.source]);
  }

  /** The next request in the queue's order; rows whose lease ran out count as queued. */
  async take(owner: string, leaseMs: number): Promise<Lease<P> | undefined> {
    const caps = priorities.map((priority) => this.options.startWithinMs[priority] / 1_000);
    const [rows] = await this.dataSource.query<[WorkRow<P>[], number]>(takeNext, [owner, leaseMs, caps]);
    const row = rows[0];
    if (row === undefined) return undefined;
    return {
      id: row.id,
      token: row.token,
      attempt: row.attempt,
      priority: priorities[row.priority] ?? 'routine',
      payload: row.payload,
      enqueuedAt: row.enqueued_at,
      deadline: row.deadline,
      waited: row.is_first ? { seconds: row.waited, beyondCap: row.is_late } : undefined,
    };
  }

  /** Holds on to a lease; false where it was lost. */
  async renew(lease: Lease<P>, leaseMs: number): Promise<boolean> {
    return this.changed(
      this.dataSource.manager,
      `update work set leased_until = now() + $3 * interval '1 millisecond'
       where id = $1 and token = $2 and state = 'running'`,
      [lease.id, lease.token, leaseMs],
    );
  }

  /** Ends a request in the transaction that records its result; false where the token is not current: roll back. */
  async complete(tx: Tx, lease: Lease<P>): Promise<boolean> {
    return this.changed(
      tx,
      `update work set state = 'done', finished_at = now(), leased_until = null
       where id = $1 and token = $2 and state = 'running'`,
      [lease.id, lease.token],
    );
  }

  /** Ends a request that will not be tried again, in the transaction that says so. */
  async bury(tx: Tx, lease: Lease<P>, failure: Failure): Promise<boolean> {
    return this.changed(
      tx,
      `update work set state = 'dead', finished_at = now(), leased_until = null, failure = $3
       where id = $1 and token = $2 and state = 'running'`,
      [lease.id, lease.token, JSON.stringify(failure)],
    );
  }

  /**
   * Gives a request back, to be taken again after `delayMs`; with `failure` where one was the reason. Without one it was no
   * attempt: a request that meets many restarts must not run out of them.
   */
  async release(lease: Lease<P>, delayMs: number, failure?: Failure): Promise<boolean> {
    return this.changed(
      this.dataSource.manager,
      `update work set state = 'queued', owner = null, leased_until = null, failure = $4,
         attempt = attempt - case when $4::jsonb is null then 1 else 0 end,
         not_before = now() + $3 * interval '1 millisecond'
       where id = $1 and token = $2 and state = 'running'`,
      [lease.id, lease.token, delayMs, failure === undefined ? null : JSON.stringify(failure)],
    );
  }

  /** What is queued or running now by priority, and the age of the oldest in seconds. */
  async unfinished(): Promise<{ rows: Record<Priority, number>; oldestAgeSeconds: number }> {
    const found = await this.dataSource.query<{ priority: number; rows: number; age: number }[]>(
      `select priority, count(*)::int as rows, extract(epoch from now() - min(enqueued_at))::float8 as age
       from work where state in ('queued', 'running') group by priority`,
    );
    const rows = { stat: 0, urgent: 0, routine: 0 };
    for (const row of found) rows[priorities[row.priority] ?? 'routine'] += row.rows;
    return { rows, oldestAgeSeconds: Math.max(0, ...found.map(({ age }) => age)) };
  }

  /** Deletes up to `limit` requests that ended longer ago than `keptMs`; how many. */
  async sweep(keptMs: number, limit: number): Promise<number> {
    const [, affected] = await this.dataSource.query<[unknown, number]>(
      `delete from work where id in (
         select id from work where state in ('done', 'dead') and finished_at < now() - $1 * interval '1 millisecond'
         order by finished_at limit $2 for update skip locked)`,
      [keptMs, limit],
    );
    return affected;
  }

  private async changed(tx: Tx, statement: string, parameters: unknown[]): Promise<boolean> {
    const [, affected] = await tx.query<[unknown, number]>(statement, parameters);
    return affected > 0;
  }
}
