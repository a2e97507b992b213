import type { Failure, Priority } from '@sightline/contracts';
import type { DataSource } from 'typeorm';
import type { Tx } from './tx.ts';

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
}

interface WorkRow<P> {
  id: string;
  token: string;
  attempt: number;
  priority: number;
  payload: P;
  enqueued_at: Date;
  deadline: Date;
}

const priorities: readonly Priority[] = ['stat', 'urgent', 'routine'];

/** Requests of one worker app, shared by its replicas; the database's clock is the only one. */
export class WorkQueue<P> {
  constructor(
    private readonly dataSource: DataSource,
    private readonly options: { waitingCapMs: number },
  ) {}

  /** Queues a request in the transaction of the message that brought it; the same id twice is one row. */
  async enqueue(tx: Tx, request: { id: string; priority: Priority; payload: P; deadline: Date }): Promise<void> {
    await tx.query(
      `insert into work (id, priority, payload, deadline) values ($1, $2, $3, $4) on conflict (id) do nothing`,
      [request.id, priorities.indexOf(request.priority), JSON.stringify(request.payload), request.deadline],
    );
  }

  /**
   * The next request: whoever has waited longer than the cap first, then stat before urgent before routine, then by age.
   * Rows whose lease ran out count as queued.
   */
  async take(owner: string, leaseMs: number): Promise<Lease<P> | undefined> {
    const [rows] = await this.dataSource.query<[WorkRow<P>[], number]>(
      `update work set state = 'running', owner = $1, attempt = attempt + 1, token = token + 1,
         leased_until = now() + $2 * interval '1 millisecond'
       where id = (
         select id from work
         where (state = 'queued' and not_before <= now()) or (state = 'running' and leased_until < now())
         order by (now() - enqueued_at > $3 * interval '1 millisecond') desc, priority, enqueued_at
         limit 1 for update skip locked)
       returning id, token, attempt, priority, payload, enqueued_at, deadline`,
      [owner, leaseMs, this.options.waitingCapMs],
    );
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

  /** Gives a request back, to be taken again after `delayMs`; with `failure` where one was the reason. */
  async release(lease: Lease<P>, delayMs: number, failure?: Failure): Promise<boolean> {
    return this.changed(
      this.dataSource.manager,
      `update work set state = 'queued', owner = null, leased_until = null, failure = $4,
         not_before = now() + $3 * interval '1 millisecond'
       where id = $1 and token = $2 and state = 'running'`,
      [lease.id, lease.token, delayMs, failure === undefined ? null : JSON.stringify(failure)],
    );
  }

  /** What is queued or running now, and the age of the oldest in seconds. */
  async unfinished(): Promise<{ rows: number; oldestAgeSeconds: number }> {
    const [row] = await this.dataSource.query<{ rows: number; age: number }[]>(
      `select count(*)::int as rows, coalesce(extract(epoch from now() - min(enqueued_at)), 0)::float8 as age
       from work where state in ('queued', 'running')`,
    );
    return { rows: row?.rows ?? 0, oldestAgeSeconds: row?.age ?? 0 };
  }

  private async changed(tx: Tx, statement: string, parameters: unknown[]): Promise<boolean> {
    const [, affected] = await tx.query<[unknown, number]>(statement, parameters);
    return affected > 0;
  }
}
