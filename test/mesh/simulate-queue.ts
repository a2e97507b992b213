import type { Priority } from '@sightline/contracts';
import {
  inTransaction,
  type Lease,
  type NewWork,
  openDatabase,
  WorkQueue,
  workQueueMigrations,
} from '@sightline/persistence';
import pg from 'pg';
import { DataSource } from 'typeorm';
import type { Postgres } from '../../tools/sandbox/parts/postgres.ts';

/** Seconds since the start of a simulation throughout. */
export interface Arrival {
  id: string;
  at: number;
  priority: Priority;
  source: string;
  /** Of computing it. */
  seconds: number;
}

export interface Start extends Arrival {
  startedAt: number;
  waited: number;
  late: boolean;
  attempt: number;
}

/** From `at` on there are so many slots; `how` those end that go away with work in hand. */
export interface Slots {
  at: number;
  slots: number;
  how?: 'killed' | 'drained';
}

export const startWithinSeconds: Readonly<Record<Priority, number>> = { stat: 60, urgent: 180, routine: 600 };

const startWithinMs = { stat: 60_000, urgent: 180_000, routine: 600_000 };
const leaseMs = 30_000;
const foreverMs = 10 ** 9;
const epoch = Date.UTC(2030, 0, 1);

interface Held {
  lease: Lease<Arrival>;
  endsAt: number;
}

/**
 * The real queue on a real PostgreSQL whose clock is a setting: `now()` of the schema `simulated` is found before that of the
 * system. The order under test is therefore the one that is served; only arrivals, runners and time are simulated.
 */
export class QueueSimulation {
  private constructor(
    private readonly source: DataSource,
    private readonly queue: WorkQueue<Arrival>,
  ) {}

  static async open(postgres: Postgres): Promise<QueueSimulation> {
    const url = await postgres.createDatabase('simulated');
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query('create schema simulated');
    await client.query(`create function simulated.now() returns timestamptz language sql stable as
      $$ select coalesce(nullif(current_setting('simulated.now', true), '')::timestamptz, pg_catalog.now()) $$`);
    await client.query('alter database simulated set search_path to simulated, pg_catalog, public');
    await client.query('alter database simulated set synchronous_commit to off');
    await client.end();
    await (await openDatabase({ url, app: 'test', entities: [], migrations: workQueueMigrations })).destroy();
    // One connection: the clock is set in it.
    const source = await new DataSource({ type: 'postgres', url, poolSize: 1 }).initialize();
    return new QueueSimulation(source, new WorkQueue(source, { startWithinMs }));
  }

  close(): Promise<void> {
    return this.source.destroy();
  }

  /** Every start in the order it happened; ends when all that arrived is done. */
  async run(arrivals: readonly Arrival[], slots: readonly Slots[]): Promise<Start[]> {
    await this.source.query('delete from work');
    await this.source.query('alter sequence work_take restart with 1');
    const coming = arrivals.toSorted((a, b) => a.at - b.at);
    const changes = slots.toSorted((a, b) => a.at - b.at);
    const held = new Set<Held>();
    const starts: Start[] = [];
    const wakes: number[] = [];
    let free = 0;
    let done = 0;
    while (done < arrivals.length) {
      const next = [coming[0]?.at, changes[0]?.at, ...wakes, ...[...held].map(({ endsAt }) => endsAt)];
      const now = Math.min(...next.filter((at) => at !== undefined));
      if (!Number.isFinite(now)) throw new Error(`nothing happens any more: ${done} of ${arrivals.length} done`);
      await this.setClock(now);
      while (wakes[0] !== undefined && wakes[0] <= now) wakes.shift();
      const ending = [...held].filter(({ endsAt }) => endsAt <= now);
      for (const one of ending) held.delete(one);
      done += ending.length;
      const arriving = coming.splice(0, coming.filter(({ at }) => at <= now).length);
      await inTransaction(this.source, async (tx) => {
        for (const { lease } of ending) await this.queue.complete(tx, lease);
        for (const arrival of arriving) await this.queue.enqueue(tx, workOf(arrival));
      });
      while (changes[0] !== undefined && changes[0].at <= now) {
        const change = changes.shift();
        free = change?.slots ?? free;
        for (const one of [...held].slice(free)) {
          held.delete(one);
          if (change?.how === 'killed') wakes.push(await this.lose(one, now));
          else await this.queue.release(one.lease, 0);
        }
      }
      while (held.size < free) {
        const lease = await this.queue.take('simulated', foreverMs);
        if (lease === undefined) break;
        held.add({ lease, endsAt: now + lease.payload.seconds });
        starts.push(startOf(lease, now));
      }
    }
    return starts;
  }

  /** A runner that died renews no more; its request is free when the lease has run out. */
  private async lose({ lease }: Held, now: number): Promise<number> {
    await this.queue.renew(lease, leaseMs);
    return now + leaseMs / 1_000 + 0.001;
  }

  private async setClock(now: number): Promise<void> {
    const instant = new Date(epoch + Math.round(now * 1_000)).toISOString();
    await this.source.query(`select set_config('simulated.now', $1, false)`, [instant]);
  }
}

function workOf(arrival: Arrival): NewWork<Arrival> {
  const { id, priority, source } = arrival;
  return { id, priority, source, payload: arrival, deadline: new Date(epoch) };
}

function startOf(lease: Lease<Arrival>, now: number): Start {
  const { payload, waited, attempt } = lease;
  return { ...payload, startedAt: now, waited: now - payload.at, late: waited?.beyondCap ?? false, attempt };
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
