import { setTimeout as pause } from 'node:timers/promises';
import type { Failure, InferenceRequested } from '@sightline/contracts';
import type { Lease } from '@sightline/persistence';
import { describeError, type Logger } from '@sightline/platform';
import type { Answered, Attempt } from './reading/answer-request.ts';
import { holdLease } from './hold-lease.ts';
import { countStart, inHand, runsEnded, runSeconds } from './queue-metrics.ts';
import { recordAnswer, type Ending, type Ledger } from './record-answer.ts';

export interface RunnerOptions {
  /** Shown in the queue's rows. */
  owner: string;
  /** Requests in hand at once, each under a lease of its own; no more are ever leased. */
  concurrency: number;
  leaseMs: number;
  /** Of one request, from the first byte read to the last picture drawn. */
  timeLimitMs: number;
  /** Attempts that may end as `unavailable` before the request is given up. */
  attempts: number;
  /** First wait after an `unavailable`; doubles up to a minute, with jitter. */
  backOffMs: number;
  /** Between looks at an empty queue. */
  idleMs: number;
}

export type AnswerRequest = (request: InferenceRequested, attempt: Attempt) => Promise<Answered>;

class TimeLimitPassed extends Error {}
class Stopped extends Error {}

const longestBackOffMs = 60_000;

/**
 * Takes requests while it has a hand free: leases a row, renews the lease while the answer is computed elsewhere, and records the
 * answer while the lease is still its own. Computing twice is possible, recording twice is not. What becomes of one request is
 * nothing to the others in hand.
 */
export class Runner {
  readonly #stopping = new AbortController();
  readonly #giveUpWork = new AbortController();
  readonly #inHand = new Set<Promise<void>>();
  #loop: Promise<void> = Promise.resolve();

  constructor(
    private readonly ledger: Ledger,
    private readonly answer: AnswerRequest,
    private readonly log: Logger,
    private readonly options: RunnerOptions,
  ) {}

  start(): void {
    this.#loop = this.#run();
  }

  /** Takes no more; gives what is in hand `graceMs` to end, then puts it back for another replica. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    const timer = setTimeout(() => this.#giveUpWork.abort(new Stopped('the worker is stopping')), graceMs);
    await this.#loop;
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const lease = await this.#take();
      if (lease !== undefined) this.#hold(this.#see(lease));
      else await pause(this.options.idleMs, undefined, { signal }).catch(() => undefined);
      if (this.#inHand.size >= this.options.concurrency) await Promise.race(this.#inHand);
    }
    await Promise.all(this.#inHand);
  }

  async #take(): Promise<Lease<InferenceRequested> | undefined> {
    const lease = await this.ledger.queue
      .take(this.options.owner, this.options.leaseMs)
      .catch((error: unknown) => this.#interrupted(error));
    if (lease === undefined || !this.#stopping.signal.aborted) return lease;
    // Told to stop while the database was choosing.
    await this.ledger.queue.release(lease, 0).catch((error: unknown) => this.#interrupted(error));
    return undefined;
  }

  #hold(work: Promise<void>): void {
    const held = work
      .catch((error: unknown) => this.#interrupted(error))
      .finally(() => {
        this.#inHand.delete(held);
        inHand.dec();
      });
    this.#inHand.add(held);
    inHand.inc();
  }

  /** The database is away, mostly: a lease that cannot be ended runs out. */
  #interrupted(error: unknown): undefined {
    this.log.warn('runner-interrupted', { error: describeError(error) });
  }

  async #see(lease: Lease<InferenceRequested>): Promise<void> {
    countStart(lease);
    const ended = runSeconds.startTimer();
    const ending = await this.#work(lease);
    ended({ ending });
    runsEnded.inc({ ending });
    this.log.info('request-ended', { requestId: lease.id, attempt: lease.attempt, ending });
  }

  /** How it ended, in one word for logs and metrics. */
  async #work(lease: Lease<InferenceRequested>): Promise<string> {
    const startedAt = new Date();
    const answered =
      lease.attempt > this.options.attempts ? endless(lease.attempt - 1) : await this.#answerUnderLease(lease);
    switch (answered.kind) {
      case 'lost':
        return 'lease-lost';
      case 'stopped':
        await this.ledger.queue.release(lease, 0);
        return 'put-back';
      case 'answered':
        return this.#record(lease, { ...answered, startedAt });
      case 'failed':
        if (answered.failure.kind === 'unavailable' && lease.attempt < this.options.attempts) {
          await this.#tryLater(lease, answered.failure);
          return 'try-later';
        }
        return this.#record(lease, { outcome: answered, images: [], startedAt });
    }
  }

  async #answerUnderLease(lease: Lease<InferenceRequested>): Promise<Answered | { kind: 'lost' | 'stopped' }> {
    const { leaseMs, timeLimitMs } = this.options;
    const lost = new AbortController();
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new TimeLimitPassed()), timeLimitMs);
    const letGo = holdLease(this.ledger.queue, lease, leaseMs, (reason) => lost.abort(reason));
    const signal = AbortSignal.any([lost.signal, late.signal, this.#giveUpWork.signal]);
    try {
      return await this.answer(lease.payload, { token: lease.token, signal });
    } catch (error) {
      if (lost.signal.aborted) return { kind: 'lost' };
      if (this.#giveUpWork.signal.aborted) return { kind: 'stopped' };
      const message = late.signal.aborted ? `no answer within ${timeLimitMs} ms` : describeError(error).slice(0, 300);
      return { kind: 'failed', failure: { kind: late.signal.aborted ? 'unavailable' : 'defect', message } };
    } finally {
      clearTimeout(timer);
      letGo();
    }
  }

  async #record(lease: Lease<InferenceRequested>, ending: Ending): Promise<string> {
    const ours = await recordAnswer(this.ledger, lease, ending);
    return ours ? ending.outcome.kind : 'lease-lost';
  }

  async #tryLater(lease: Lease<InferenceRequested>, failure: Failure): Promise<void> {
    const cap = Math.min(longestBackOffMs, this.options.backOffMs * 2 ** (lease.attempt - 1));
    this.log.warn('request-tried-later', { requestId: lease.id, attempt: lease.attempt, failure: failure.message });
    await this.ledger.queue.release(lease, cap * (0.5 + Math.random() / 2), failure);
  }
}

/** Attempts that ended in nothing at all took their process with them; this one would, too. */
function endless(attempts: number): Answered {
  return { kind: 'failed', failure: { kind: 'defect', message: `${attempts} attempts ended without an answer` } };
}
