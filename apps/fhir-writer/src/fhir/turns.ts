import type { Failure } from '@sightline/contracts';
import type { Telling } from '../deliveries/destination.ts';
import { isUnavailable } from './fhir-client.ts';

/** So much of the time to come is looked ahead: what was looked up for longer is no longer quite what is there. */
const aheadMs = 1_500;
const mostAhead = 60;

const notYet: Telling = { kind: 'waiting', reason: 'its turn did not come', lookAgainMs: 1_000, counts: false };

/**
 * Who writes to one server: so many at once, in the order they came. Many more at once would not be written any sooner, and take more of
 * the server; but while some are written, others look up together what they need, as many as are written within a moment. The next
 * of them, as many as are written at once, are made ready, so that the server waits for none when it has taken one.
 */
export class Turns {
  private readonly next: Places;
  private readonly writing: Places;
  /** How long a turn lasts, as those lately did; unknown before the first, and after one that the server was not there for. */
  private lastsMs = Infinity;
  /** How often the server was found unavailable. */
  private outages = 0;

  constructor(private readonly atOnce: number) {
    this.next = new Places(atOnce);
    this.writing = new Places(atOnce);
  }

  /** Reports that may be under way: those that write, and those that look ahead. */
  get underWay(): number {
    return this.atOnce + Math.min(Math.floor((this.atOnce * aheadMs) / this.lastsMs), mostAhead);
  }

  /** Where the server is not there for one, those that wait for it or are being made ready are sent away before they try as well. */
  async take<P, W extends { kind: string; failure?: Failure }>(
    prepare: () => Promise<P>,
    write: (prepared: P) => Promise<W>,
    signal: AbortSignal,
  ): Promise<W | Telling> {
    const ready = await this.next.hold(signal, async () => {
      const { outages } = this;
      const prepared = await prepare();
      const isMine = outages === this.outages && (await this.writing.enter(signal));
      return isMine ? { prepared } : undefined;
    });
    if (ready === undefined) return notYet;
    try {
      const from = performance.now();
      const wrote = await write(ready.prepared);
      if (isUnavailable(wrote)) this.sendAway();
      else this.lasted(performance.now() - from);
      return wrote;
    } finally {
      this.writing.leave();
    }
  }

  private lasted(ms: number): void {
    this.lastsMs = this.lastsMs === Infinity ? ms : 0.8 * this.lastsMs + 0.2 * ms;
  }

  private sendAway(): void {
    this.lastsMs = Infinity;
    this.outages++;
    this.next.sendAway();
    this.writing.sendAway();
  }
}

/** So many at once, in the order they came. */
class Places {
  private readonly waiting = new Set<(isMine: boolean) => void>();
  private taken = 0;

  constructor(private readonly count: number) {}

  /** Whether there came to be a place: none does for who has no time left, or is sent away. */
  async enter(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => this.waiting.delete(resolve) && resolve(false), { once: true });
      this.waiting.add(resolve);
      this.admit();
    });
  }

  leave(): void {
    this.taken--;
    this.admit();
  }

  /** Undefined where there came to be no place. */
  async hold<R>(signal: AbortSignal, work: () => Promise<R>): Promise<R | undefined> {
    if (!(await this.enter(signal))) return undefined;
    try {
      return await work();
    } finally {
      this.leave();
    }
  }

  sendAway(): void {
    for (const resolve of this.waiting) resolve(false);
    this.waiting.clear();
  }

  private admit(): void {
    const [first] = this.waiting;
    if (first === undefined || this.taken >= this.count) return;
    this.waiting.delete(first);
    this.taken++;
    first(true);
  }
}
