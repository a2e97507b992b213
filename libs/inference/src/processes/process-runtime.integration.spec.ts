import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { loadModel, type Model } from '../models/model-repository.ts';
import { ProcessRuntime, type RuntimeOptions } from './process-runtime.ts';

jest.setTimeout(120_000);

const never = new AbortController().signal;
const runtimes: ProcessRuntime[] = [];

function runtime(options: Partial<RuntimeOptions> = {}): ProcessRuntime {
  const made = new ProcessRuntime({ threads: 1, ...options });
  runtimes.push(made);
  return made;
}

async function model(name: 'bright' | 'slow' | 'faulty/hungry' | 'faulty/nan'): Promise<Model> {
  const folder = name.startsWith('faulty/') ? name.replace('faulty/', 'faulty-models/') : `test-models/${name}`;
  const loaded = await loadModel(`${import.meta.dirname}/../../${folder}`);
  if (loaded.kind === 'refused') throw new Error(loaded.line);
  return loaded.model;
}

const image = (grey: number) => ({ dims: [1, 1, 40, 60], data: new Float32Array(40 * 60).fill(grey) });

afterEach(async () => {
  await Promise.all(runtimes.splice(0).map((each) => each.close()));
});

describe('ProcessRuntime', () => {
  it('says what the graph says, at any size of image', async () => {
    const answer = await runtime().run(await model('bright'), image(192), never);
    if (answer.kind === 'failed') throw new Error(answer.failure.message);
    expect(answer.value.logits.data[0]).toBeCloseTo(4, 4);
    expect(answer.value.activation.dims).toEqual([1, 1, 8, 8]);
    expect(answer.value.embedding.dims).toEqual([1, 2]);
  });

  it('ends a computation at its time limit in the middle of native code, and answers the next', async () => {
    const busy = runtime();
    await busy.load(await model('slow'), never);
    const from = performance.now();
    await expect(busy.run(await model('slow'), image(255), AbortSignal.timeout(500))).rejects.toThrow(/timeout/i);
    expect(performance.now() - from).toBeLessThan(2_000);
    expect((await busy.run(await model('bright'), image(0), never)).kind).toBe('computed');
  });

  it('leaves the event loop free while it computes', async () => {
    const busy = runtime();
    await busy.load(await model('slow'), never);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 20);
    await busy.run(await model('slow'), image(1), never);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
  });

  it('turns a death in mid-computation into a failure that may be retried, and starts anew', async () => {
    const busy = runtime();
    await busy.load(await model('slow'), never);
    const running = busy.run(await model('slow'), image(255), never);
    await new Promise((resolve) => setTimeout(resolve, 300));
    process.kill(busy.processIdsOf(await model('slow'))[0] ?? Number.NaN, 'SIGKILL');
    expect(await running).toMatchObject({ kind: 'failed', failure: { kind: 'unavailable' } });
    expect((await busy.run(await model('bright'), image(0), never)).kind).toBe('computed');
  });

  it('calls a tensor the graph does not take a defect', async () => {
    const wrong = { dims: [1, 3, 2, 2], data: new Float32Array(12) };
    expect(await runtime().run(await model('bright'), wrong, never)).toMatchObject({ failure: { kind: 'defect' } });
  });

  it('refuses a file that changed since it was vouched for', async () => {
    const changed = await model('bright');
    const other: Model = { ...changed, manifest: { ...changed.manifest, sha256: '0'.repeat(64) } };
    expect(await runtime().load(other, never)).toMatchObject({ failure: { kind: 'defect' } });
  });

  it('answers what was asked first, first', async () => {
    const one = runtime();
    const order: string[] = [];
    await Promise.all([
      one.run(await model('slow'), image(1), never).then(() => order.push('slow')),
      one.run(await model('bright'), image(1), never).then(() => order.push('bright')),
    ]);
    expect(order).toEqual(['slow', 'bright']);
  });

  it('ends a model that needs more memory than it may take as a failure, and serves the others on', async () => {
    const bounded = runtime({ modelMemoryBytes: 600 * 2 ** 20 });
    await bounded.load(await model('bright'), never);
    const brightIds = bounded.processIdsOf(await model('bright'));
    const starved = await bounded.run(await model('faulty/hungry'), image(255), never);
    expect(starved).toMatchObject({
      kind: 'failed',
      failure: { kind: 'unavailable', message: expect.stringContaining('more memory than it may take') },
    });
    expect((await bounded.run(await model('faulty/hungry'), image(1), never)).kind).toBe('computed');
    expect((await bounded.run(await model('bright'), image(0), never)).kind).toBe('computed');
    expect(bounded.processIdsOf(await model('bright'))).toEqual(brightIds);
  });

  it('killed in the middle of a batch, computes the rows of each caller again', async () => {
    const busy = runtime({ maxBatch: 4, latencyBoundMs: 50 });
    const slow = await model('slow');
    await busy.load(slow, never);
    const runs = [2, 0, 0].map((grey) => busy.run(slow, image(grey), never));
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.kill(busy.processIdsOf(slow)[0] ?? Number.NaN, 'SIGKILL');
    expect((await Promise.all(runs)).map(({ kind }) => kind)).toEqual(['computed', 'computed', 'computed']);
  });

  it('lets a row that kills end only its own request', async () => {
    const bounded = runtime({ maxBatch: 4, latencyBoundMs: 1_000, modelMemoryBytes: 600 * 2 ** 20 });
    const hungry = await model('faulty/hungry');
    await bounded.load(hungry, never);
    // The first pixel of a batch says what is eaten: the row that kills is in its batch before the others.
    const first = bounded.run(hungry, image(255), never);
    await pause(200);
    const others = [1, 2].map((grey) => bounded.run(hungry, image(grey), never));
    const answers = await Promise.all([first, ...others]);
    const said = answers.map((answer) => (answer.kind === 'failed' ? answer.failure.message : answer.kind));
    expect(said).toEqual([expect.stringMatching(/inference process/), 'computed', 'computed']);
  });

  it('computes several batches at once, each in a process of its own, and ends only the one that is given up', async () => {
    const two = runtime({ threads: 2 });
    const slow = await model('slow');
    await two.load(slow, never);
    const [first = Number.NaN, second = Number.NaN] = two.processIdsOf(slow);
    expect(first).not.toBe(second);
    const given = two.run(slow, image(255), AbortSignal.timeout(500));
    const kept = two.run(slow, image(2), never);
    await expect(given).rejects.toThrow(/timeout/i);
    expect(await kept).toMatchObject({ kind: 'computed' });
    const left = two.processIdsOf(slow);
    expect(left).toHaveLength(1);
    expect([first, second]).toEqual(expect.arrayContaining(left));
    expect(
      (await Promise.all([0, 0].map((grey) => two.run(slow, image(grey), never)))).map(({ kind }) => kind),
    ).toEqual(['computed', 'computed']);
    expect(two.processIdsOf(slow)).toHaveLength(2);
  });

  it('keeps what is no number to the row it belongs to', async () => {
    const one = runtime({ maxBatch: 2, latencyBoundMs: 1_000 });
    const nan = await model('faulty/nan');
    const logits = await Promise.all(
      [255, 128].map(async (grey) => {
        const answer = await one.run(nan, image(grey), never);
        return answer.kind === 'computed' ? answer.value.logits.data[0] : answer.failure;
      }),
    );
    expect(logits).toEqual([Number.NaN, expect.closeTo(0, 4)]);
  });

  it('streams the rows of 3 000 slices through batches, none waiting in memory', async () => {
    const slice = 128 * 128 * Float32Array.BYTES_PER_ELEMENT;
    const streaming = runtime({ maxBatch: 8, latencyBoundMs: 0, queueBytes: 16 * slice });
    const bright = await model('bright');
    await streaming.load(bright, never);
    const [child] = streaming.processIdsOf(bright);
    const rss = async () => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${child}/status`, 'utf8'))?.[1]) / 1_024;
    const run = (from: number) =>
      streaming.run(bright, { dims: [4, 1, 128, 128], data: new Float32Array(4 * 16_384).fill(from % 256) }, never);
    for (let from = 0; from < 600; from += 4) await run(from);
    const settled = await rss();
    let answered = 0;
    for (let from = 600; from < 3_000; from += 16) {
      const answers = await Promise.all([0, 4, 8, 12].map((more) => run(from + more)));
      answered += answers.filter(({ kind }) => kind === 'computed').length * 4;
    }
    expect(answered).toBe(2_400);
    expect((await rss()) - settled).toBeLessThan(60);
  });

  it('gives every caller the answer to its own image, however many are brought ahead, of whatever size, given up or not', async () => {
    const many = runtime({ maxBatch: 1 });
    const bright = await model('bright');
    await many.load(bright, never);
    const asked = Array.from({ length: 40 }, (_, i) => ({
      grey: 6 * i,
      side: 20 + ((i * 37) % 90),
      left: i % 5 === 3,
    }));
    const answers = asked.map(async ({ grey, side, left }) => {
      const stop = new AbortController();
      const picture = { dims: [1, 1, side, side], data: new Float32Array(side * side).fill(grey) };
      const answer = many.run(bright, picture, stop.signal);
      if (left) setTimeout(() => stop.abort(new Error('given up')), grey / 20);
      const logit = await answer.then(
        (said) => (said.kind === 'computed' ? said.value.logits.data[0] : undefined),
        () => undefined,
      );
      return logit ?? 'none';
    });
    for (const [i, logit] of (await Promise.all(answers)).entries()) {
      const { grey = Number.NaN, left } = asked[i] ?? {};
      if (logit === 'none') expect(left).toBe(true);
      else expect(logit).toBeCloseTo((grey - 128) / 16, 3);
    }
  });

  it('gives back what an unloaded model took, and knows it no more', async () => {
    const one = runtime();
    const bright = await model('bright');
    await one.load(bright, never);
    const [child = Number.NaN] = one.processIdsOf(bright);
    await one.unload(bright);
    expect(one.processIdsOf(bright)).toEqual([]);
    await waitForEnd(child);
  });

  it('calls a model whose file is gone when its process must be opened again unavailable, not a defect', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gone-'));
    await cp((await model('bright')).folder, folder, { recursive: true });
    const loaded = await loadModel(folder);
    if (loaded.kind === 'refused') throw new Error(loaded.line);
    const one = runtime();
    await one.load(loaded.model, never);
    await rm(folder, { recursive: true });
    expect((await one.run(loaded.model, image(1), never)).kind).toBe('computed');
    process.kill(one.processIdsOf(loaded.model)[0] ?? Number.NaN, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await one.run(loaded.model, image(1), never)).toMatchObject({ failure: { kind: 'unavailable' } });
  });

  it('is refused by no provider at all in one line', async () => {
    expect(await runtime({ providers: ['tensorrt', 'cuda'] }).load(await model('bright'), never)).toMatchObject({
      failure: {
        kind: 'defect',
        message: expect.stringMatching(/^inference: no execution provider: tensorrt .*, cuda /),
      },
    });
  });
});

async function waitForEnd(pid: number): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (
      await readFile(`/proc/${pid}/status`)
        .then(String, () => 'gone')
        .then((text) => /gone|State:\s+Z/.test(text))
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`process ${pid} did not end`);
}
