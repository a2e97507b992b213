import type { Answer, Computed, Tensor } from '../runtime.ts';

/** One caller's rows on their way, and what has been answered of them. */
export interface Call {
  input: Tensor;
  rows: number;
  /** By the first row each is of. */
  answers: Map<number, Answer>;
  /** Milliseconds on the clock of `performance.now()`. */
  since: number;
  settled: boolean;
  resolve: (answer: Computed<Answer>) => void;
}

/** Rows of one call, together on their way: waiting, or in one batch. */
export interface Piece {
  call: Call;
  from: number;
  count: number;
  /** Was in a batch that failed: goes with no other, so that it fails alone. */
  alone: boolean;
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
  #pieces: Piece[] = [];

  constructor(private readonly shape: BatchShape) {}

  get rows(): number {
    return rowsIn(this.#pieces);
  }

  add(call: Call): void {
    this.#pieces.push({ call, from: 0, count: call.rows, alone: false });
  }

  /** Before all others, since it has waited once, and in a batch of its own. */
  addAlone(piece: Piece): void {
    this.#pieces.unshift({ ...piece, alone: true });
  }

  remove(call: Call): void {
    this.#pieces = this.#pieces.filter((piece) => piece.call !== call);
  }

  removeAll(): Set<Call> {
    return new Set(this.#pieces.splice(0).map(({ call }) => call));
  }

  /** Milliseconds until a batch should go, 0 if now; undefined when nothing waits. */
  dueIn(now: number): number | undefined {
    const [oldest] = this.#pieces;
    if (oldest === undefined) return undefined;
    if (this.#full() !== undefined) return 0;
    return Math.max(0, this.#dueAt(oldest) - now);
  }

  /** The oldest row and those that fit with it; a batch that is full goes before an oldest row that may still wait. */
  take(now: number): Piece[] {
    const [oldest] = this.#pieces;
    if (oldest === undefined) return [];
    const head = this.#dueAt(oldest) <= now ? oldest : (this.#full() ?? oldest);
    const taken: Piece[] = [];
    let room = this.#most(head);
    for (const piece of this.#companions(head)) {
      const count = Math.min(room, piece.count);
      if (count === 0) break;
      taken.push({ ...piece, count });
      piece.from += count;
      piece.count -= count;
      room -= count;
    }
    this.#pieces = this.#pieces.filter(({ count }) => count > 0);
    return taken;
  }

  #dueAt({ call, alone }: Piece): number {
    return alone ? 0 : call.since + this.shape.latencyBoundMs;
  }

  /** The first piece of a size of which a whole batch waits. */
  #full(): Piece | undefined {
    return this.#pieces.find((head) => rowsIn(this.#companions(head)) >= this.#most(head));
  }

  #companions(head: Piece): Piece[] {
    if (head.alone) return [head];
    return this.#pieces.filter((piece) => !piece.alone && sizeOf(piece) === sizeOf(head));
  }

  #most({ call }: Piece): number {
    const bytes = call.input.data.byteLength / call.rows;
    return Math.max(1, Math.min(this.shape.maxBatch, Math.floor(this.shape.maxBatchBytes / bytes)));
  }
}

export function rowsIn(pieces: readonly { count: number }[]): number {
  return pieces.reduce((sum, { count }) => sum + count, 0);
}

function sizeOf({ call }: Piece): string {
  return call.input.dims.slice(1).join('×');
}
