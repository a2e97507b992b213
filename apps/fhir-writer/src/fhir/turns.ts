import type { Telling } from '../deliveries/destination.ts';
import { isUnavailable } from './fhir-client.ts';

/** So much of the time to come is looked ahead: what was looked up for longer is no longer quite what is there. */
const aheadMs = 1_500;
const mostAhead = 60;

const notYet: Telling = { kind: 'waiting', reason: 'its turn did not come', lookAgainMs: 1_000, counts: false };

/**
 * Who writes to one server: so many at once, in the order they came. Many more at once would not be written any sooner, and take more of
 * the server; but while some are written, others look up together what they need, as many as are written within a moment.
 */
export class Turns {
  private readonly waiting = new Set<(isMine: boolean) => void>();
  private taken = 0;
  /** How long a turn lasts, as those lately did; unknown before the first, and after one that the server was not there for. */
  private lastsMs = Infinity;

  constructor(private readonly atOnce: number) {}

  /** Reports that may be under way: those that write, and those that look ahead. */
  get underWay(): number {
    return this.atOnce + Math.min(Math.floor((this.atOnce * aheadMs) / this.lastsMs), mostAhead);
  }

  /** Where the server is not there for one, those that wait for it are sent away before they try as well. */
  async take(write: () => Promise<Telling>, signal: AbortSignal): Promise<Telling> {
    if (!(await this.isMine(signal))) return notYet;
    const from = performance.now();
    try {
      const telling = await write();
      if (isUnavailable(telling)) this.sendAway();
      else this.lasted(performance.now() - from);
      return telling;
    } finally {
      this.taken--;
      this.next();
    }
  }

  private async isMine(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => this.waiting.delete(resolve) && resolve(false), { once: true });
      this.waiting.add(resolve);
      this.next();
    });
  }

  private next(): void {
    const [first] = this.waiting;
    if (first === undefined || this.taken >= this.atOnce) return;
    this.waiting.delete(first);
    this.taken++;
    first(true);
  }

  private lasted(ms: number): void {
    this.lastsMs = this.lastsMs === Infinity ? ms : 0.8 * this.lastsMs + 0.2 * ms;
  }

  private sendAway(): void {
    this.lastsMs = Infinity;
    for (const resolve of this.waiting) resolve(false);
    this.waiting.clear();
  }
}
