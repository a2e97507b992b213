import { describe, expect, it } from '@jest/globals';
import { failed } from '@sightline/messaging';
import type { Telling } from '../deliveries/destination.ts';
import { Turns } from './turns.ts';

const forever = new AbortController().signal;
const wrote: Telling = { kind: 'not-needed', reason: 'written already' };
const notYet = { kind: 'waiting', counts: false };

/** A report that writes until it is let go, or says why it could not; made ready at once, or by the one who asks. */
function report(turns: Turns, signal: AbortSignal = forever, prepare: () => Promise<void> = async () => undefined) {
  const end = Promise.withResolvers<Telling>();
  const one = { isWriting: false, let: end.resolve, break: end.reject };
  const told = turns.take(
    prepare,
    async () => {
      one.isWriting = true;
      return end.promise;
    },
    signal,
  );
  return Object.assign(one, { told });
}

function writing(all: readonly { isWriting: boolean }[]): number[] {
  return all.flatMap(({ isWriting }, n) => (isWriting ? [n] : []));
}

/** Whatever waits for nothing else has happened after it. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('turns at one server', () => {
  it('are so many at once, and come in the order in which they were asked for', async () => {
    const turns = new Turns(2);
    const all = Array.from({ length: 4 }, () => report(turns));
    await settled();
    expect(writing(all)).toEqual([0, 1]);
    all[1]?.let(wrote);
    await settled();
    expect(writing(all)).toEqual([0, 1, 2]);
    for (const one of all) one.let(wrote);
    expect(await Promise.all(all.map(({ told }) => told))).toEqual([wrote, wrote, wrote, wrote]);
  });

  it('pass on from a report that breaks', async () => {
    const turns = new Turns(1);
    const [breaks, next] = [report(turns), report(turns)];
    breaks.break(new Error('broken'));
    await expect(breaks.told).rejects.toThrow('broken');
    next.let(wrote);
    expect(await next.told).toEqual(wrote);
  });

  it('are not waited for any longer than a report may, which then was no try', async () => {
    const turns = new Turns(1);
    const first = report(turns);
    const time = new AbortController();
    const [late, next] = [report(turns, time.signal), report(turns)];
    time.abort();
    expect(await late.told).toMatchObject(notYet);
    expect(await report(turns, time.signal).told).toMatchObject(notYet);
    first.let(wrote);
    next.let(wrote);
    expect(await next.told).toEqual(wrote);
    expect(late.isWriting).toBe(false);
  });

  it('do not come to those that wait while the server is found unavailable, which then was no try; a later one has its turn', async () => {
    const turns = new Turns(1);
    const all = Array.from({ length: 3 }, () => report(turns));
    const unavailable = failed('unavailable', 'FHIR server not reached: ECONNREFUSED');
    all[0]?.let(unavailable);
    expect(await all[0]?.told).toEqual(unavailable);
    for (const one of all.slice(1)) expect(await one.told).toMatchObject(notYet);
    expect(writing(all)).toEqual([0]);
    const later = report(turns);
    later.let(wrote);
    expect(await later.told).toEqual(wrote);
  });

  it('come all the same after one that the server refused for what it says', async () => {
    const turns = new Turns(1);
    const [refused, next] = [report(turns), report(turns)];
    refused.let(failed('invalid-input', 'FHIR server refused with 422'));
    next.let(wrote);
    expect(await next.told).toEqual(wrote);
  });
});

describe('reports that are made ready', () => {
  /** What was begun to be made ready, in the order in which it was. */
  function readied(turns: Turns, count: number) {
    const begun: number[] = [];
    const all = Array.from({ length: count }, (_, n) =>
      report(turns, forever, async () => {
        begun.push(n);
      }),
    );
    return { begun, all };
  }

  it('are those that write next, as many as write at once', async () => {
    const { begun, all } = readied(new Turns(2), 6);
    await settled();
    expect(writing(all)).toEqual([0, 1]);
    expect(begun).toEqual([0, 1, 2, 3]);
    all[0]?.let(wrote);
    await settled();
    expect(writing(all)).toEqual([0, 1, 2]);
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });

  it('are not written where they break, and hold no other up', async () => {
    const turns = new Turns(1);
    const broken = report(turns, forever, () => Promise.reject(new Error('no page')));
    await expect(broken.told).rejects.toThrow('no page');
    expect(broken.isWriting).toBe(false);
    const next = report(turns);
    next.let(wrote);
    expect(await next.told).toEqual(wrote);
  });

  it('are given up with the others while the server is found unavailable', async () => {
    const { begun, all } = readied(new Turns(1), 4);
    await settled();
    all[0]?.let(failed('unavailable', 'FHIR server answered 503'));
    for (const one of all.slice(1)) expect(await one.told).toMatchObject(notYet);
    expect(begun).toEqual([0, 1]);
    expect(writing(all)).toEqual([0]);
  });

  it('do not write after the server was found unavailable while they were made ready', async () => {
    const turns = new Turns(1);
    const page = Promise.withResolvers<void>();
    const [first, next] = [report(turns), report(turns, forever, () => page.promise)];
    first.let(failed('unavailable', 'FHIR server answered 503'));
    await first.told;
    page.resolve();
    next.let(wrote);
    expect(await next.told).toMatchObject(notYet);
    expect(next.isWriting).toBe(false);
    const later = report(turns);
    later.let(wrote);
    expect(await later.told).toEqual(wrote);
  });
});

describe('reports that look ahead', () => {
  it('are none before it is known how long a turn lasts, then as many as have theirs within a moment', async () => {
    const turns = new Turns(4);
    expect(turns.underWay).toBe(4);
    const slow = report(turns);
    await new Promise((resolve) => setTimeout(resolve, 300));
    slow.let(wrote);
    await slow.told;
    // 300 ms or more each: in a second and a half, at most twenty.
    expect(turns.underWay).toBeGreaterThan(4);
    expect(turns.underWay).toBeLessThanOrEqual(24);
  });

  it('are at most sixty, however fast a server is', async () => {
    const turns = new Turns(4);
    const fast = report(turns);
    fast.let(wrote);
    await fast.told;
    expect(turns.underWay).toBe(64);
  });

  it('are none after the server was found unavailable, until it is there again', async () => {
    const turns = new Turns(4);
    const tell = async (telling: Telling): Promise<number> => {
      const one = report(turns);
      one.let(telling);
      await one.told;
      return turns.underWay;
    };
    expect(await tell(wrote)).toBeGreaterThan(4);
    expect(await tell(failed('unavailable', 'FHIR server answered 503'))).toBe(4);
    expect(await tell(wrote)).toBeGreaterThan(4);
  });
});
