interface Waiter {
  amount: number;
  admit: () => void;
}

/**
 * So much at a time and no more, bytes or turns; first come, first served. Who asks for more than there is waits until it is alone
 * and is let through then, since waiting on would not help it.
 */
export class Budget {
  #used = 0;
  readonly #waiting: Waiter[] = [];

  constructor(private readonly limit: number) {}

  /** Resolves, once it is free, to what gives it back. Rejects with the signal's reason. */
  async take(amount: number, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#waiting.length > 0 || !this.#fits(amount)) await this.#wait(amount, signal);
    else this.#used += amount;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#used -= amount;
      this.#admit();
    };
  }

  #wait(amount: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal?.reason);
        this.#admit();
      };
      const admit = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const waiter = { amount, admit };
      this.#waiting.push(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#fits(next.amount); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#used += next.amount;
      next.admit();
    }
  }

  #fits(amount: number): boolean {
    return this.#used === 0 || this.#used + amount <= this.limit;
  }
}
