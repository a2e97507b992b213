/** Failures in a row after which a destination is left in peace, and for how long: each time twice as long, up to the cap. */
const mostFailures = 5;
const firstPauseMs = 5_000;
const longestPauseMs = 60_000;

/** Leaves a destination alone that keeps being unavailable: then one try goes ahead, and only if it succeeds do the others. */
export class Circuit {
  private failures = 0;
  private pauseMs = firstPauseMs;
  private closedFrom = 0;

  constructor(private readonly now: () => number = Date.now) {}

  /** How many of `wanted` tries may go ahead now. */
  allows(wanted: number): number {
    if (this.failures < mostFailures) return wanted;
    return this.now() < this.closedFrom ? 0 : Math.min(wanted, 1);
  }

  get isOpen(): boolean {
    return this.failures >= mostFailures;
  }

  succeeded(): void {
    this.failures = 0;
    this.pauseMs = firstPauseMs;
  }

  failed(): void {
    this.failures++;
    if (this.failures < mostFailures) return;
    this.closedFrom = this.now() + this.pauseMs;
    this.pauseMs = Math.min(this.pauseMs * 2, longestPauseMs);
  }
}

/** One for each destination, shared by whoever asks or tells it anything. */
export class Circuits {
  private readonly known = new Map<string, Circuit>();

  of(destination: string): Circuit {
    const circuit = this.known.get(destination) ?? new Circuit();
    this.known.set(destination, circuit);
    return circuit;
  }
}
