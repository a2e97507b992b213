import type { Answer, Computed, Tensor } from '../runtime.ts';

/** One caller's rows on their way, and what has been answered of them. */
export interface Call {
  input: Tensor;
  rows: number;
  /** The first row that is in no batch yet. */
  next: number;
  answers: Answer[];
  /** Milliseconds on the clock of `performance.now()`. */
  since: number;
  /** Was in a batch that failed: goes with no other, so that it fails alone. */
  alone: boolean;
  settled: boolean;
  resolve: (answer: Computed<Answer>) => void;
}

/** Rows of one call that go into one batch. */
export interface Piece {
  call: Call;
  from: number;
  count: number;
}

export interface BatchShape {
  /** Rows of a batch. */
  maxBatch: number;
  /** Bytes of a batch: large images go in smaller ones. A single row may be larger. */
  maxBatchBytes: number;
  /** A row waits this long for others, unless a batch is full before. */
  latencyBoundMs: number;
}

/** Rows that wait for a batch, in the order they came. A batch holds images of one size. */
export class WaitingRows {
  readonly #calls: Call[] = [];

  constructor(private readonly shape: BatchShape) {}

  get rows(): number {
    return this.#calls.reduce((sum, call) => sum + call.rows - call.next, 0);
  }

  add(call: Call): void {
    this.#calls.push(call);
  }

  /** Before all others: it has waited once. */
  addFirst(call: Call): void {
    this.remove(call);
    this.#calls.unshift(call);
  }

  remove(call: Call): void {
    const place = this.#calls.indexOf(call);
    if (place >= 0) this.#calls.splice(place, 1);
  }

  removeAll(): Call[] {
    return this.#calls.splice(0);
  }

  /** Milliseconds until a batch should go, 0 if now; undefined when nothing waits. */
  dueIn(now: number): number | undefined {
    const [oldest] = this.#calls;
    if (oldest === undefined) return undefined;
    if (this.#full() !== undefined) return 0;
    return Math.max(0, oldest.alone ? 0 : oldest.since + this.shape.latencyBoundMs - now);
  }

  /** The oldest row and those that fit with it; a batch that is full goes before an oldest row that may still wait. */
  take(now: number): Piece[] {
    const [oldest] = this.#calls;
    if (oldest === undefined) return [];
    const late = oldest.alone || oldest.since + this.shape.latencyBoundMs <= now;
    const head = late ? oldest : (this.#full() ?? oldest);
    const pieces: Piece[] = [];
    let room = this.#most(head);
    for (const call of this.#companions(head)) {
      const count = Math.min(room, call.rows - call.next);
      if (count === 0) break;
      pieces.push({ call, from: call.next, count });
      call.next += count;
      room -= count;
      if (call.next === call.rows) this.remove(call);
    }
    return pieces;
  }

  /** The first call of a size of which a whole batch waits. */
  #full(): Call | undefined {
    return this.#calls.find((head) => {
      const waiting = this.#companions(head).reduce((sum, call) => sum + call.rows - call.next, 0);
      return waiting >= this.#most(head);
    });
  }

  #companions(head: Call): Call[] {
    if (head.alone) return [head];
    return this.#calls.filter((call) => !call.alone && sizeOf(call) === sizeOf(head));
  }

  #most(call: Call): number {
    const bytes = call.input.data.byteLength / call.rows;
    return Math.max(1, Math.min(this.shape.maxBatch, Math.floor(this.shape.maxBatchBytes / bytes)));
  }
}

function sizeOf({ input }: Call): string {
  return input.dims.slice(1).join('×');
}
