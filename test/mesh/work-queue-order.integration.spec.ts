import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Priority } from '@sightline/contracts';
import { type Postgres, startPostgres } from '../../tools/sandbox/parts/postgres.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { type Arrival, QueueSimulation, seeded, type Start, startWithinSeconds } from './simulate-queue.ts';

jest.setTimeout(300_000);

const rank: Record<Priority, number> = { stat: 0, urgent: 1, routine: 2 };
const priorities = ['stat', 'urgent', 'routine'] as const;

const arrivals = (
  count: number,
  of: { priority: Priority; source?: string; seconds?: number; from?: number; every?: number },
): Arrival[] =>
  Array.from({ length: count }, (_, n) => ({
    id: `${of.source ?? 'A'}/${of.priority}/${of.from ?? 0}/${n}`,
    at: (of.from ?? 0) + n * (of.every ?? 0),
    priority: of.priority,
    source: of.source ?? 'A',
    seconds: of.seconds ?? 2,
  }));

const late = (starts: readonly Start[], priority: Priority): string[] =>
  starts.filter((start) => start.priority === priority && start.late).map(({ id }) => id);

const startBy = ({ at, priority }: Arrival): number => at + startWithinSeconds[priority];

/** What had arrived and not started yet when this one did. */
const waitingAt = (starts: readonly Start[], index: number): Start[] =>
  starts.slice(index + 1).filter(({ at, attempt }) => attempt === 1 && at <= (starts[index]?.startedAt ?? 0));

/** Starts before which somebody of a higher priority was waiting. */
const inversions = (starts: readonly Start[]): { start: Start; waiting: Start[] }[] =>
  starts.flatMap((start, index) => {
    const waiting = waitingAt(starts, index);
    return waiting.some(({ priority }) => rank[priority] < rank[start.priority]) ? [{ start, waiting }] : [];
  });

/** Whether the best order there is (the earliest cap first, where all take alike) starts all that wait within their caps. */
function someOrderHolds(waiting: readonly Arrival[], now: number, slots: number): boolean {
  const byCap = waiting.map(startBy).toSorted((a, b) => a - b);
  return byCap.every((by, k) => now + Math.floor(k / slots) * (waiting[0]?.seconds ?? 0) <= by);
}

describe('the order of the work queue, simulated', () => {
  let directory: TemporaryDirectory;
  let postgres: Postgres;
  let simulation: QueueSimulation;

  beforeAll(async () => {
    directory = await temporaryDirectory('queue-order');
    postgres = await startPostgres({ directory: join(directory.path, 'postgres') });
    simulation = await QueueSimulation.open(postgres);
  });
  afterAll(async () => {
    await simulation?.close();
    await postgres?.stop();
    await directory?.remove();
  });

  it('starts a burst of stat before all routine that waits, as long as routine has time', async () => {
    const starts = await simulation.run(
      [...arrivals(60, { priority: 'routine' }), ...arrivals(20, { priority: 'stat', from: 11 })],
      [{ at: 0, slots: 2 }],
    );
    expect(inversions(starts)).toEqual([]);
    expect(starts.filter((start) => start.late)).toEqual([]);
  });

  it('holds the cap of routine beneath a stream of urgent, letting it go first only where it would be late otherwise', async () => {
    // Urgent alone is 91 % of what can be done, and has 180 s: it can wait for the 120 s that routine takes.
    const slots = 2;
    const seconds = 4;
    const starts = await simulation.run(
      [
        ...arrivals(60, { priority: 'routine', seconds }),
        ...arrivals(320, { priority: 'urgent', seconds, every: 2.2 }),
      ],
      [{ at: 0, slots }],
    );
    for (const priority of priorities) expect(late(starts, priority)).toEqual([]);
    const found = inversions(starts);
    expect(found.length).toBeGreaterThan(0);
    for (const { start, waiting } of found) {
      // Had all that waited gone first, at four fifths of the pace and one request early, it would have been too late for this one.
      const left = startBy(start) - start.startedAt;
      expect(left).toBeLessThanOrEqual(((waiting.length + 1) * seconds) / slots / 0.8 + seconds + 1);
    }
  });

  it.each([1, 2, 3])('holds every cap of a random backlog that some order can hold (seed %i)', async (seed) => {
    const random = seeded(seed);
    const slots = 1 + Math.floor(random() * 4);
    const now = 600;
    const seconds = 4;
    const backlog: Arrival[] = [];
    // Adds what still fits until nothing does: as tight as a backlog can be, but for a round and a twentieth of the pace.
    for (let n = 0; n < 400; n += 1) {
      const priority = priorities[Math.floor(random() * 3)] ?? 'routine';
      const at = now - random() * startWithinSeconds[priority];
      const one = { id: `${seed}/${n}`, at, priority, source: `S${Math.floor(random() * 3)}`, seconds: seconds * 1.05 };
      if (someOrderHolds([...backlog, one], now + seconds, slots)) backlog.push(one);
    }
    // Nothing is known of the pace until something was done.
    const before = arrivals(8, { priority: 'routine', seconds, from: -700 });
    const asked = backlog.map((one) => ({ ...one, seconds }));
    const starts = await simulation.run(
      [...before, ...asked],
      [
        { at: -700, slots },
        { at: -300, slots: 0 },
        { at: now, slots },
      ],
    );
    expect(backlog.length).toBeGreaterThan(30);
    // A runner is free when its request ends, and no sooner.
    expect(starts.filter((start) => start.startedAt - startBy(start) > seconds)).toEqual([]);
    expect(inversions(starts).length).toBeGreaterThan(0);
  });

  it('gives way from below under overload: stat and urgent are kept, routine goes on, nobody waits for ever', async () => {
    // One request in 2 s can be done; 1.1 in 1 s arrive, of which stat and urgent 0.25.
    const starts = await simulation.run(
      [
        ...arrivals(90, { priority: 'stat', every: 10 }),
        ...arrivals(135, { priority: 'urgent', every: 20 / 3 }),
        ...arrivals(450, { priority: 'routine', every: 1.2 }),
      ],
      [{ at: 0, slots: 1 }],
    );
    expect(late(starts, 'stat')).toEqual([]);
    expect(late(starts, 'urgent')).toEqual([]);
    expect(late(starts, 'routine').length).toBeGreaterThan(0);
    expect(starts).toHaveLength(675);
  });

  it('gives what is past its cap at least every eighth start while stat alone is more than can be done', async () => {
    const starts = await simulation.run(
      [...arrivals(40, { priority: 'routine' }), ...arrivals(500, { priority: 'stat', from: 10, every: 1.9 })],
      [{ at: 0, slots: 1 }],
    );
    let since = 0;
    for (const [index, start] of starts.entries()) {
      const pastCap = waitingAt(starts, index).some((other) => startBy(other) < start.startedAt);
      since = pastCap && !start.late ? since + 1 : 0;
      expect(since).toBeLessThanOrEqual(8);
    }
    expect(late(starts, 'routine').length).toBeGreaterThan(20);
  });

  it('does not let one source of 500 requests keep another from its one, while all caps have room', async () => {
    const starts = await simulation.run(
      [
        ...arrivals(500, { priority: 'routine', source: 'MANY', seconds: 1 }),
        ...arrivals(10, { priority: 'routine', source: 'FEW', from: 31, every: 60 }),
      ],
      [{ at: 0, slots: 2 }],
    );
    for (const [index, few] of starts.entries()) {
      if (few.source !== 'FEW') continue;
      const meanwhile = starts.slice(0, index).filter(({ startedAt }) => startedAt >= few.at);
      expect(meanwhile.length).toBeLessThanOrEqual(2);
    }
  });

  it('serves three sources that all wait alike: never two starts apart', async () => {
    const starts = await simulation.run(
      [
        ...arrivals(60, { priority: 'urgent', source: 'A' }),
        ...arrivals(60, { priority: 'urgent', source: 'B', from: 5 }),
        ...arrivals(60, { priority: 'urgent', source: 'C', from: 20 }),
      ],
      [{ at: 0, slots: 2 }],
    );
    const served = new Map<string, number>();
    for (const { source } of starts.filter(({ startedAt }) => startedAt >= 20).slice(0, 120)) {
      served.set(source, (served.get(source) ?? 0) + 1);
      const counts = ['A', 'B', 'C'].map((each) => served.get(each) ?? 0);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
  });

  it('keeps the caps of stat and urgent, and loses nothing, while replicas die, are drained and come', async () => {
    const asked = [
      ...arrivals(200, { priority: 'routine', seconds: 5 }),
      ...arrivals(30, { priority: 'urgent', seconds: 5, from: 40, every: 20 }),
      ...arrivals(60, { priority: 'stat', seconds: 5, from: 20, every: 11 }),
    ];
    const starts = await simulation.run(asked, [
      { at: 0, slots: 6 },
      { at: 52, slots: 2, how: 'killed' },
      { at: 120, slots: 4 },
      { at: 200, slots: 1, how: 'drained' },
      { at: 300, slots: 6 },
      { at: 333, slots: 3, how: 'killed' },
    ]);
    expect(late(starts, 'stat')).toEqual([]);
    expect(late(starts, 'urgent')).toEqual([]);
    expect(new Set(starts.map(({ id }) => id)).size).toBe(asked.length);
    expect(starts.filter(({ attempt }) => attempt > 1).length).toBe(7);
  });

  it('keeps stat within its cap among studies of very different length', async () => {
    const random = seeded(7);
    const length = (): number => (random() < 0.1 ? 45 : 1 + random() * 3);
    const mixed = (['stat', 'urgent', 'routine'] as const).flatMap((priority) =>
      Array.from({ length: 100 }, (_, n) => ({
        id: `${priority}/${n}`,
        at: random() * 1_200,
        priority,
        source: 'A',
        seconds: length(),
      })),
    );
    const starts = await simulation.run(mixed, [{ at: 0, slots: 3 }]);
    expect(starts).toHaveLength(300);
    for (const priority of priorities) expect(late(starts, priority)).toEqual([]);
  });
});
