import type { Failure } from '@sightline/contracts';
import type { Answer, Computed, Tensor } from '../runtime.ts';
import type { Budget } from './budget.ts';
import { answerRows, joinAnswers } from './rows.ts';
import { type BatchShape, type Call, type Piece, rowsIn, WaitingRows } from './waiting-rows.ts';

export interface BatcherOptions extends BatchShape {
  /** Batches computed at a time. */
  atOnce: number;
  /** Of one batch; its callers' own limits are in their signals. */
  batchLimitMs: number;
}

/** Told what happens, for metrics. */
export interface BatchObserver {
  waiting(rows: number): void;
  batch(rows: number, seconds: number): void;
  /** One call, from asking to its answer. */
  answered(seconds: number): void;
}

/** Rows of one caller's input, for a batch. */
export interface RowsOfInput {
  input: Tensor;
  from: number;
  count: number;
}

/** Answers rows of one size, in this order. Rejects only with the signal's reason. */
export type Compute = (rows: readonly RowsOfInput[], signal: AbortSignal) => Promise<Computed<Answer>>;

class BatchLate extends Error {}

/** One that is being computed. */
interface Batch {
  pieces: readonly Piece[];
  stop: AbortController;
}

/**
 * Rows of many callers in front of one model, computed together: `atOnce` batches at a time, each only while `turns` gives one, since
 * models share the machine. A batch of several callers that fails is done again caller by caller: a row that kills ends only its own.
 */
export class Batcher {
  readonly #waiting: WaitingRows;
  readonly #batches = new Set<Batch>();
  /** The next batch waits for its turn. */
  #nextInLine = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly compute: Compute,
    private readonly turns: Budget,
    private readonly options: BatcherOptions,
    private readonly observer: BatchObserver,
  ) {
    this.#waiting = new WaitingRows(options);
  }

  async run(input: Tensor, signal: AbortSignal): Promise<Computed<Answer>> {
    signal.throwIfAborted();
    const rows = input.dims[0] ?? 0;
    if (rows < 1) return failed('defect', 'a tensor of no rows');
    const since = performance.now();
    const answer = await new Promise<Computed<Answer>>((resolve, reject) => {
      const call: Call = { input, rows, answers: new Map(), since, settled: false, resolve: settle };
      const onAbort = (): void => {
        this.#drop(call);
        reject(signal.reason);
      };
      function settle(value: Computed<Answer>): void {
        signal.removeEventListener('abort', onAbort);
        call.settled = true;
        resolve(value);
      }
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(call);
      this.#wake();
    });
    this.observer.answered((performance.now() - since) / 1_000);
    return answer;
  }

  /** Whoever still waits gets a failure. */
  close(): void {
    for (const call of this.#waiting.removeAll()) call.resolve(failed('unavailable', 'the model was unloaded'));
    this.#wake();
  }

  #drop(call: Call): void {
    call.settled = true;
    this.#waiting.remove(call);
    for (const { pieces, stop } of this.#batches)
      if (pieces.some((piece) => piece.call === call) && pieces.every((piece) => piece.call.settled)) stop.abort();
    this.#wake();
  }

  #wake(): void {
    this.observer.waiting(this.#waiting.rows);
    clearTimeout(this.#timer);
    if (this.#nextInLine || this.#batches.size >= this.options.atOnce) return;
    const dueIn = this.#waiting.dueIn(performance.now());
    if (dueIn === undefined) return;
    if (dueIn > 0) {
      this.#timer = setTimeout(() => this.#wake(), dueIn);
      return;
    }
    void this.#work();
  }

  async #work(): Promise<void> {
    this.#nextInLine = true;
    const giveBack = await this.turns.take(1);
    this.#nextInLine = false;
    // Taken only now: while others had their turn, more came.
    const pieces = this.#waiting.take(performance.now());
    const computed = pieces.length > 0 ? this.#computeTogether(pieces) : undefined;
    this.#wake();
    await computed;
    giveBack();
    this.#wake();
  }

  async #computeTogether(pieces: readonly Piece[]): Promise<void> {
    const batch = { pieces, stop: new AbortController() };
    this.#batches.add(batch);
    const late = setTimeout(() => batch.stop.abort(new BatchLate()), this.options.batchLimitMs);
    const from = performance.now();
    const computed = await this.#attempt(batch);
    clearTimeout(late);
    this.#batches.delete(batch);
    this.observer.batch(rowsIn(pieces), (performance.now() - from) / 1_000);
    if (computed.kind === 'computed') this.#distribute(pieces, computed.value);
    else this.#retryAlone(pieces, computed);
  }

  async #attempt({ pieces, stop: { signal } }: Batch): Promise<Computed<Answer>> {
    try {
      const rows = pieces.map(({ call, from, count }) => ({ input: call.input, from, count }));
      return await this.compute(rows, signal);
    } catch (error) {
      if (!signal.aborted) return failed('defect', error instanceof Error ? error.message : String(error));
      return failed('unavailable', `a batch was not computed within ${this.options.batchLimitMs} ms`);
    }
  }

  #distribute(pieces: readonly Piece[], answer: Answer): void {
    let at = 0;
    for (const { call, from, count } of pieces) {
      call.answers.set(from, answerRows(answer, at, count));
      at += count;
      const answered = [...call.answers].sort(([a], [b]) => a - b).map(([, part]) => part);
      const [first, ...others] = answered;
      const whole = answered.reduce((sum, { logits }) => sum + (logits.dims[0] ?? 0), 0) === call.rows;
      if (whole && first !== undefined && !call.settled)
        call.resolve({ kind: 'computed', value: joinAnswers([first, ...others]) });
    }
  }

  #retryAlone(pieces: readonly Piece[], failure: Computed<never>): void {
    const alone = pieces.length === 1;
    for (const piece of pieces.toReversed()) {
      const { call } = piece;
      if (call.settled) continue;
      if (!alone) {
        this.#waiting.addAlone(piece);
        continue;
      }
      this.#waiting.remove(call);
      call.resolve(failure);
    }
  }
}

function failed(kind: Failure['kind'], message: string): { kind: 'failed'; failure: Failure } {
  return { kind: 'failed', failure: { kind, message } };
}
