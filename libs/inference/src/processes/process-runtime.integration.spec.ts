import { afterEach, describe, expect, it } from '@jest/globals';
import { loadModel, type Model } from '../models/model-repository.ts';
import { ProcessRuntime } from './process-runtime.ts';

const never = new AbortController().signal;
const runtimes: ProcessRuntime[] = [];

function runtime(): ProcessRuntime {
  const made = new ProcessRuntime();
  runtimes.push(made);
  return made;
}

async function model(name: 'bright' | 'slow'): Promise<Model> {
  const loaded = await loadModel(`${import.meta.dirname}/../../test-models/${name}`);
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
    process.kill(busy.processIdOf(await model('slow')) ?? Number.NaN, 'SIGKILL');
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
});
