import { setTimeout as pause } from 'node:timers/promises';

/** Lets through so many a second and no burst beyond: each caller is given its own moment. */
export class RateLimit {
  private next = 0;

  constructor(
    private readonly perSecond: number,
    private readonly now: () => number = performance.now.bind(performance),
  ) {}

  /** Resolves when it is the caller's turn; rejects when `signal` ends the waiting. */
  async wait(signal: AbortSignal): Promise<void> {
    const now = this.now();
    const turn = Math.max(now, this.next);
    this.next = turn + 1_000 / this.perSecond;
    if (turn > now) await pause(turn - now, undefined, { signal });
  }
}
