import { afterEach, describe, expect, it } from '@jest/globals';
import type { Answer, Computed, Tensor } from '../runtime.ts';
import { Batcher, type BatcherOptions, type Compute } from './batcher.ts';
import { Budget } from './budget.ts';
import { joinRows, rowsOf } from './rows.ts';

const never = new AbortController().signal;
const options: BatcherOptions = {
  atOnce: 1,
  maxBatch: 4,
  maxBatchBytes: 2 ** 20,
  latencyBoundMs: 20,
  batchLimitMs: 5_000,
};
const silent = { waiting: () => undefined, batch: () => undefined, answered: () => undefined };

/** Rows of `width` pixels, each all of one grey. */
function greys(values: number[], width = 2): Tensor {
  return {
    dims: [values.length, 1, 1, width],
    data: Float32Array.from(values.flatMap((value) => Array(width).fill(value))),
  };
}

/** Answers each row with its first pixel. */
function answerOf({ dims, data }: Tensor): Computed<Answer> {
  const [rows = 0] = dims;
  const each = data.length / rows;
  const first = {
    dims: [rows, 1],
    data: Float32Array.from({ length: rows }, (_, row) => data[row * each] ?? Number.NaN),
  };
  return { kind: 'computed', value: { logits: first, activation: first, embedding: first, scores: { grey: first } } };
}

/** A model whose batches wait until they are let go; a batch with `poison` in it fails. */
class Bench {
  readonly batches: number[][] = [];
  readonly stopped: number[][] = [];
  poison = Number.NaN;
  #open: () => void = () => undefined;
  #gate: Promise<void> = Promise.resolve();

  readonly compute: Compute = async (pieces, signal) => {
    const answer = answerOf(joinRows(pieces.map(({ input, from, count }) => rowsOf(input, from, count))));
    const rows = answer.kind === 'computed' ? [...answer.value.logits.data] : [];
    this.batches.push(rows);
    await Promise.race([this.#gate, this.#aborted(signal, rows)]);
    signal.throwIfAborted();
    if (rows.includes(this.poison)) return { kind: 'failed', failure: { kind: 'unavailable', message: 'it died' } };
    return answer;
  };

  hold(): void {
    this.#gate = new Promise((resolve) => (this.#open = resolve));
  }

  letGo(): void {
    this.#open();
  }

  #aborted(signal: AbortSignal, rows: number[]): Promise<void> {
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        this.stopped.push(rows);
        resolve();
      });
    });
  }
}

const batchers: Batcher[] = [];

function batcher(bench: Bench, changes: Partial<BatcherOptions> = {}, turns = new Budget(1)): Batcher {
  const made = new Batcher(bench.compute, turns, { ...options, ...changes }, silent);
  batchers.push(made);
  return made;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const logits = (answer: Computed<Answer>) =>
  answer.kind === 'computed' ? [...answer.value.logits.data] : answer.failure;

afterEach(() => {
  for (const each of batchers.splice(0)) each.close();
});

describe('batching', () => {
  it('computes rows of several callers together and gives each its own', async () => {
    const bench = new Bench();
    const one = batcher(bench);
    const answers = await Promise.all([
      one.run(greys([1]), never),
      one.run(greys([2, 3]), never),
      one.run(greys([4]), never),
    ]);
    expect(answers.map(logits)).toEqual([[1], [2, 3], [4]]);
    expect(bench.batches).toEqual([[1, 2, 3, 4]]);
  });

  it('lets a lone row wait no longer than the bound', async () => {
    const bench = new Bench();
    const from = performance.now();
    await batcher(bench, { latencyBoundMs: 50 }).run(greys([1]), never);
    expect(performance.now() - from).toBeGreaterThanOrEqual(45);
    expect(performance.now() - from).toBeLessThan(1_000);
  });

  it('sends a full batch at once', async () => {
    const bench = new Bench();
    const from = performance.now();
    await batcher(bench, { latencyBoundMs: 10_000 }).run(greys([1, 2, 3, 4]), never);
    expect(performance.now() - from).toBeLessThan(5_000);
  });

  it('splits the rows of one call over batches and puts the answers together in order', async () => {
    const bench = new Bench();
    const rows = Array.from({ length: 10 }, (_, i) => i);
    expect(logits(await batcher(bench).run(greys(rows), never))).toEqual(rows);
    expect(bench.batches.map((batch) => batch.length)).toEqual([4, 4, 2]);
  });

  it('never mixes images of different sizes, and lets no size starve another', async () => {
    const bench = new Bench();
    const one = batcher(bench);
    const answers = await Promise.all([
      one.run(greys([1], 2), never),
      one.run(greys([2], 3), never),
      one.run(greys([3], 2), never),
    ]);
    expect(answers.map(logits)).toEqual([[1], [2], [3]]);
    expect(bench.batches).toEqual([[1, 3], [2]]);
  });

  it('makes smaller batches of larger images', async () => {
    const bench = new Bench();
    await batcher(bench, { maxBatchBytes: 2 * 8 * Float32Array.BYTES_PER_ELEMENT }).run(greys([1, 2, 3, 4], 8), never);
    expect(bench.batches).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('drops the rows of a caller that gave up, and nobody else', async () => {
    const bench = new Bench();
    bench.hold();
    const one = batcher(bench);
    const first = one.run(greys([1, 2, 3, 4]), never);
    const stop = new AbortController();
    const given = one.run(greys([5]), stop.signal);
    const kept = one.run(greys([6]), never);
    await pause(30);
    stop.abort(new Error('no longer wanted'));
    await expect(given).rejects.toThrow('no longer wanted');
    bench.letGo();
    expect(logits(await first)).toEqual([1, 2, 3, 4]);
    expect(logits(await kept)).toEqual([6]);
    expect(bench.batches).toEqual([[1, 2, 3, 4], [6]]);
  });

  it('ends a batch in the middle only when none of its callers waits for it', async () => {
    const bench = new Bench();
    bench.hold();
    const one = batcher(bench, { latencyBoundMs: 1 });
    const stops = [new AbortController(), new AbortController()];
    const runs = stops.map(({ signal }, i) => one.run(greys([i]), signal));
    const ended = Promise.allSettled(runs);
    await pause(20);
    stops[0]?.abort(new Error('one'));
    await pause(5);
    expect(bench.stopped).toEqual([]);
    stops[1]?.abort(new Error('two'));
    expect((await ended).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(bench.stopped).toEqual([[0, 1]]);
    bench.letGo();
    expect(logits(await one.run(greys([7]), never))).toEqual([7]);
  });

  it('computes a failed batch again caller by caller, so that poison ends only its own request', async () => {
    const bench = new Bench();
    bench.poison = 2;
    const one = batcher(bench);
    const answers = await Promise.all([1, 2, 3].map((grey) => one.run(greys([grey]), never)));
    expect(answers.map(logits)).toEqual([[1], { kind: 'unavailable', message: 'it died' }, [3]]);
    expect(bench.batches).toEqual([[1, 2, 3], [1], [2], [3]]);
  });

  it('starts a call again where its failed batch began, not from the start', async () => {
    const bench = new Bench();
    bench.poison = 9;
    const one = batcher(bench);
    const answers = await Promise.all([one.run(greys([0, 1, 2, 3, 4, 5]), never), one.run(greys([9]), never)]);
    expect(answers.map(logits)).toEqual([[0, 1, 2, 3, 4, 5], { kind: 'unavailable', message: 'it died' }]);
    expect(bench.batches).toEqual([[0, 1, 2, 3], [4, 5, 9], [4, 5], [9]]);
  });

  it('ends a batch that is beyond its own limit as a failure that may pass', async () => {
    const bench = new Bench();
    bench.hold();
    const answer = await batcher(bench, { batchLimitMs: 50, latencyBoundMs: 1 }).run(greys([1]), never);
    expect(answer).toMatchObject({ kind: 'failed', failure: { kind: 'unavailable' } });
    bench.letGo();
  });

  it('takes turns with other models, and fills the batch while it waits for one', async () => {
    const turns = new Budget(1);
    const busy = new Bench();
    busy.hold();
    const first = batcher(busy, { latencyBoundMs: 0 }, turns).run(greys([1]), never);
    await pause(5);
    const bench = new Bench();
    const other = batcher(bench, { latencyBoundMs: 0 }, turns);
    const runs = [2, 3].map(async (grey) => {
      await pause(grey * 5);
      return logits(await other.run(greys([grey]), never));
    });
    await pause(40);
    expect(bench.batches).toEqual([]);
    busy.letGo();
    await first;
    expect(await Promise.all(runs)).toEqual([[2], [3]]);
    expect(bench.batches).toEqual([[2, 3]]);
  });

  it('computes as many batches at a time as it may, and keeps the others', async () => {
    const bench = new Bench();
    bench.hold();
    const one = batcher(bench, { atOnce: 2, maxBatch: 1 }, new Budget(2));
    const answers = [1, 2, 3].map((grey) => one.run(greys([grey]), never));
    await pause(10);
    expect(bench.batches).toEqual([[1], [2]]);
    bench.letGo();
    expect((await Promise.all(answers)).map(logits)).toEqual([[1], [2], [3]]);
    expect(bench.batches).toEqual([[1], [2], [3]]);
  });

  it('lets a row wait for others though another batch could be computed', async () => {
    const bench = new Bench();
    const one = batcher(bench, { atOnce: 2 }, new Budget(2));
    const answers = [one.run(greys([1]), never), pause(5).then(() => one.run(greys([2]), never))];
    expect((await Promise.all(answers)).map(logits)).toEqual([[1], [2]]);
    expect(bench.batches).toEqual([[1, 2]]);
  });

  it('puts the answers of one call together in its own order, whichever batch ends first', async () => {
    const ends = new Map([
      [0, 30],
      [1, 5],
      [2, 15],
    ]);
    const compute: Compute = async ([piece]) => {
      await pause(ends.get(piece?.from ?? Number.NaN) ?? 0);
      return answerOf(greys([10 * (piece?.from ?? Number.NaN)]));
    };
    const one = new Batcher(compute, new Budget(3), { ...options, atOnce: 3, maxBatch: 1 }, silent);
    batchers.push(one);
    expect(logits(await one.run(greys([0, 0, 0]), never))).toEqual([0, 10, 20]);
  });

  it('ends a call whose one batch fails alone, and leaves the batch of another that is computed beside it', async () => {
    const bench = new Bench();
    bench.poison = 2;
    bench.hold();
    const one = batcher(bench, { atOnce: 2, maxBatch: 2 }, new Budget(2));
    const given = one.run(greys([1, 1, 2]), never);
    const kept = one.run(greys([4, 5]), never);
    await pause(30);
    bench.letGo();
    expect(logits(await given)).toEqual({ kind: 'unavailable', message: 'it died' });
    expect(logits(await kept)).toEqual([4, 5]);
    expect(bench.stopped).toEqual([]);
  });

  it('answers whoever waits when the model is unloaded with a failure that may pass', async () => {
    const bench = new Bench();
    const one = batcher(bench, { latencyBoundMs: 10_000 });
    const waiting = one.run(greys([1]), never);
    one.close();
    expect(await waiting).toMatchObject({ kind: 'failed', failure: { kind: 'unavailable' } });
  });
});
