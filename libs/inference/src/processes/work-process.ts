import type { Failure } from '@sightline/contracts';
import type { ForkedProcess } from './forked-process.ts';
import { outOfMemorySignal } from './live-with-parent.ts';

export interface Failed {
  kind: 'failed';
  failure: Failure;
  /** The job was not begun: a new process could not do its first. */
  opening?: true;
}

/**
 * One forked process that does one job at a time, first asked first done. An abort kills it in the middle of whatever it does; the
 * next job starts another. `first` is the job every new process does before any other: what it answers, if that is a failure, is the
 * answer to the job that needed it.
 */
export class WorkProcess<Job extends object, Reply extends { kind: string }> {
  #process: ForkedProcess | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(
    /** In a failure's message: "the inference process". */
    private readonly name: string,
    private readonly start: () => ForkedProcess,
    private readonly first?: Job,
  ) {}

  /** Of the process that works, while there is one. */
  get processId(): number | undefined {
    return this.#process?.child.pid;
  }

  /** Rejects only with the signal's reason. */
  ask(job: Job, signal: AbortSignal): Promise<Reply | Failed> {
    const answered = this.#turn.then(() => this.#askInTurn(job, signal));
    this.#turn = answered.catch(() => undefined);
    return answered;
  }

  /** What is being done and what still waits ends as a failure. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#kill();
    await this.#turn;
  }

  async #askInTurn(job: Job, signal: AbortSignal): Promise<Reply | Failed> {
    signal.throwIfAborted();
    if (this.#closed) return this.#unavailable('is closed');
    if (this.#process !== undefined) return this.#exchange(this.#process, job, signal);
    const started = this.#open();
    if (this.first === undefined) return this.#exchange(started, job, signal);
    const opened = await this.#exchange(started, this.first, signal);
    if (job === this.first && !isFailed(opened)) return opened;
    if (!isFailed(opened)) return this.#exchange(started, job, signal);
    this.#kill();
    return { ...opened, opening: true };
  }

  #open(): ForkedProcess {
    const started = this.start();
    this.#process = started;
    started.child.once('exit', () => {
      if (this.#process === started) this.#process = undefined;
    });
    return started;
  }

  #exchange({ child }: ForkedProcess, job: Job, signal: AbortSignal): Promise<Reply | Failed> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        child.off('message', onMessage).off('exit', onExit).off('error', onError);
        signal.removeEventListener('abort', onAbort);
      };
      const onMessage = (reply: unknown): void => {
        settle();
        resolve(reply as Reply);
      };
      const died = (how: string): void => {
        settle();
        this.#kill();
        resolve(this.#unavailable(how));
      };
      let unsent: Error | undefined;
      const onExit = (code: number | null, by: NodeJS.Signals | null): void => {
        if (by === outOfMemorySignal) died('needed more memory than it may take');
        else died(unsent === undefined ? `ended (${by ?? code ?? 'unknown'})` : unreachable(unsent));
      };
      const onError = (error: Error): void => died(unreachable(error));
      const onAbort = (): void => {
        settle();
        this.#kill();
        reject(signal.reason);
      };
      child.on('message', onMessage).on('exit', onExit).on('error', onError);
      signal.addEventListener('abort', onAbort, { once: true });
      child.send(job, (error) => {
        if (error === null) return;
        // A process that ended is written to before its end is heard of; only the end says why. One that lives is of no use.
        unsent = error;
        child.kill('SIGKILL');
      });
    });
  }

  #unavailable(how: string): Failed {
    return { kind: 'failed', failure: { kind: 'unavailable', message: `${this.name} ${how}` } };
  }

  /** The next job starts a new process. */
  #kill(): void {
    const forgotten = this.#process?.child;
    this.#process = undefined;
    // A kill that arrives late is no one's news: without a listener its error would be an uncaught one.
    forgotten?.on('error', () => undefined).kill('SIGKILL');
  }
}

function unreachable(error: Error): string {
  return `cannot be reached (${error.message})`;
}

function isFailed(reply: { kind: string }): reply is Failed {
  return reply.kind === 'failed';
}
