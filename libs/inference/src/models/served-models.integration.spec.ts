import { createHash } from 'node:crypto';
import { appendFile, cp, mkdir, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createLogger } from '@sightline/platform';
import { gateHeader } from '../gates/gate-header.ts';
import { ProcessPixelReader } from '../processes/process-pixel-reader.ts';
import { ProcessRuntime } from '../processes/process-runtime.ts';
import { conclude } from '../reading/conclude.ts';
import { stackFrames } from '../reading/stack-frames.ts';
import { proveGolden } from './prove-golden.ts';
import { ServedModels } from './served-models.ts';

jest.setTimeout(120_000);

const library = join(import.meta.dirname, '../..');
const never = new AbortController().signal;
const pipeline = { gate: gateHeader, prepare: stackFrames, conclude };
const sumOf = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

async function change(folder: string, changes: Record<string, unknown>): Promise<void> {
  const path = join(folder, 'model.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...manifest, ...changes }));
}

const sound = (name = 'bright') => join(library, 'test-models', name);
const faulty = (name: string) => join(library, 'faulty-models', name);

/** Name of a folder, what is said of it, and what was done to it. */
const spoilt: [string, RegExp, (folder: string) => Promise<void>][] = [
  ['cut-short', /has sha256/, (folder) => truncate(join(folder, '1/model.onnx'), 500)],
  [
    'summed-after-it-was-cut',
    /inference: .*(parse|Protobuf)/i,
    async (folder) => {
      await truncate(join(folder, '1/model.onnx'), 500);
      await change(folder, { sha256: await sumOf(join(folder, '1/model.onnx')) });
    },
  ],
  ['swapped', /has sha256/, (folder) => cp(join(sound('slow'), '1/model.onnx'), join(folder, '1/model.onnx'))],
  [
    'golden-inputs-written-anew',
    /another golden\/golden\.json than its manifest states/,
    (folder) => appendFile(join(folder, 'golden/golden.json'), ' '),
  ],
  ['golden-inputs-missing', /no golden inputs/, (folder) => rm(join(folder, 'golden'), { recursive: true })],
  [
    'golden-mismatch',
    /fails its golden test: on dark\.dcm: pneumonia is 0\.\d+, recorded was 0\.2/,
    async (folder) => {
      const path = join(folder, 'golden/golden.json');
      await writeFile(path, (await readFile(path, 'utf8')).replace('0.1473', '0.2'));
      await change(folder, { evidence: [{ kind: 'golden', file: 'golden/golden.json', sha256: await sumOf(path) }] });
    },
  ],
  [
    'refuses-what-it-should-read',
    /on dark\.dcm: refused as wrong-body-part/,
    (folder) => change(folder, { applicability: { modality: ['DX'], bodyPart: ['ABDOMEN'], scores: [] } }),
  ],
];

const faultyModels: [string, RegExp][] = [
  ['nan', /brightest\.dcm: .*no number/],
  ['newer', /opset 99/i],
  ['renamed', /no float output logits/],
];

const grey = (value: number) => ({ dims: [1, 1, 8, 8], data: new Float32Array(64).fill(value) });

describe('served models', () => {
  let root: string;
  let runtime: ProcessRuntime;
  let pixels: ProcessPixelReader;
  let served: ServedModels;
  let lines: string[];

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'served-'));
    runtime = new ProcessRuntime({ threads: 1, maxBatch: 4 });
    pixels = new ProcessPixelReader();
    lines = [];
    served = new ServedModels({
      root,
      worker: 'xray',
      runtime,
      log: createLogger('xray-worker', 'info', { write: (line) => void lines.push(line) }),
      prove: (model, signal) => proveGolden({ model, pipeline, pixels, runtime }, signal),
    });
  });

  afterEach(async () => {
    await Promise.all([runtime.close(), pixels.close()]);
    await rm(root, { recursive: true });
  });

  const logged = (event: string) => lines.filter((line) => line.includes(`"${event}"`));
  const copyOf = async (from: string, to: string, changes: Record<string, unknown> = {}) => {
    await mkdir(join(root, to, '..'), { recursive: true });
    // As a careful deployment does it: under another name first.
    const partial = join(root, to, '..', `.${Math.random()}`);
    await cp(from, partial, { recursive: true });
    await change(partial, changes);
    await rename(partial, join(root, to));
  };
  const ask = (version: string) =>
    served.use({ name: 'bright', version }, async (model) =>
      model === undefined ? 'unavailable' : (await runtime.run(model, grey(128), never)).kind,
    );

  it('serve what passes its golden test, versions side by side', async () => {
    await copyOf(sound(), 'bright/1.0.0');
    await copyOf(sound(), 'bright/1.1.0', { version: '1.1.0' });
    await served.look(never);
    expect(served.labels).toEqual(['bright@1.0.0', 'bright@1.1.0']);
    expect(served.refusals).toEqual([]);
    expect(await Promise.all(['1.0.0', '1.1.0', '1.2.0'].map(ask))).toEqual(['computed', 'computed', 'unavailable']);
  });

  it('refuse every one that is not what it says, in one line each, and serve the others', async () => {
    await copyOf(sound(), 'sound');
    for (const [name, , spoil] of spoilt) {
      await cp(sound(), join(root, name), { recursive: true });
      await change(join(root, name), { name });
      await spoil(join(root, name));
    }
    for (const [name] of faultyModels) await copyOf(faulty(name), name);
    await served.look(never);
    await served.look(never);
    expect(served.labels).toEqual(['bright@1.0.0']);
    for (const [name, why] of [...spoilt, ...faultyModels])
      expect(served.refusals.filter((line) => line.includes(name))).toEqual([expect.stringMatching(why)]);
    expect(logged('model-refused')).toHaveLength(spoilt.length + faultyModels.length);
  });

  it('take up a refused folder when it is mended', async () => {
    await cp(faulty('renamed'), join(root, 'model'), { recursive: true });
    await served.look(never);
    await rm(join(root, 'model'), { recursive: true });
    await cp(sound(), join(root, 'model'), { recursive: true });
    await served.look(never);
    expect(served.labels).toEqual(['bright@1.0.0']);
    expect(served.refusals).toEqual([]);
  });

  it('serve on with what was loaded when a file is changed under a version that serves, and say so', async () => {
    await cp(sound(), join(root, 'bright'), { recursive: true });
    await served.look(never);
    await appendFile(join(root, 'bright/1/model.onnx'), 'x');
    await served.look(never);
    expect(served.refusals).toEqual([expect.stringContaining('has sha256')]);
    expect(await ask('1.0.0')).toBe('computed');
    await change(join(root, 'bright'), { sha256: await sumOf(join(root, 'bright/1/model.onnx')) });
    await served.look(never);
    expect(served.refusals).toEqual([expect.stringContaining('a change is a new version')]);
    expect(await ask('1.0.0')).toBe('computed');
  });

  it('lose no model because its folder cannot be read for a moment', async () => {
    await copyOf(sound(), 'bright');
    await served.look(never);
    await rename(root, `${root}-away`);
    await served.look(never);
    expect(await ask('1.0.0')).toBe('computed');
    await rename(`${root}-away`, root);
    await served.look(never);
    expect(served.refusals).toEqual([]);
  });

  it('refuse a second folder of one version', async () => {
    await copyOf(sound(), 'a');
    await copyOf(sound(), 'b');
    await served.look(never);
    expect(served.labels).toEqual(['bright@1.0.0']);
    expect(served.refusals).toEqual([expect.stringMatching(/bright@1\.0\.0 lies in .*b and, serving, in .*a/)]);
  });

  it('end a version that is taken away after the last request that has it', async () => {
    await copyOf(sound(), 'bright');
    await served.look(never);
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const inHand = served.use({ name: 'bright', version: '1.0.0' }, async (model) => {
      await finished;
      return model === undefined ? 'unavailable' : (await runtime.run(model, grey(1), never)).kind;
    });
    await rename(join(root, 'bright'), join(root, '.gone'));
    await served.look(never);
    expect(await ask('1.0.0')).toBe('unavailable');
    expect(logged('model-unloaded')).toEqual([]);
    finish();
    expect(await inHand).toBe('computed');
    await served.drained();
    expect(logged('model-unloaded')).toHaveLength(1);
  });

  it('lose no request while versions are swapped under load', async () => {
    await copyOf(sound(), 'bright');
    await served.look(never);
    let current = '1.0.0';
    let stop = false;
    const outcomes: Record<string, number> = {};
    const client = async (): Promise<void> => {
      while (!stop) {
        const outcome = `${current} ${await ask(current)}`;
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        // Like the queue's: the loop that looks at the folder has its turn, too.
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const clients = Promise.all(Array.from({ length: 8 }, client));
    for (const version of ['1.0.1', '1.0.2', '1.0.3']) {
      await copyOf(sound(), `next-${version}`, { version });
      await served.look(never);
      const before = current;
      current = version;
      await rm(join(root, before === '1.0.0' ? 'bright' : `next-${before}`), { recursive: true });
      await served.look(never);
    }
    stop = true;
    await clients;
    await served.drained();
    expect(served.labels).toEqual(['bright@1.0.3']);
    expect(Object.keys(outcomes).filter((outcome) => !outcome.endsWith(' computed'))).toEqual([]);
    expect(logged('model-unloaded')).toHaveLength(3);
  });

  it('serve a version that replaces another in its own folder, and end the other', async () => {
    await cp(sound(), join(root, 'bright'), { recursive: true });
    await served.look(never);
    await change(join(root, 'bright'), { version: '1.0.1' });
    await served.look(never);
    await served.drained();
    expect(served.labels).toEqual(['bright@1.0.1']);
    expect(await ask('1.0.0')).toBe('unavailable');
  });

  it('say in one line which execution provider is not here, and serve with the next', async () => {
    const wanting = new ProcessRuntime({ providers: ['tensorrt', 'cuda', 'cpu'], threads: 1 });
    const parts = { root, worker: 'xray', runtime: wanting } as const;
    const log = createLogger('xray-worker', 'info', { write: (line) => void lines.push(line) });
    const asked = new ServedModels({ ...parts, log, prove: async () => ({ kind: 'proved', cases: 1 }) });
    await copyOf(sound(), 'bright');
    await asked.look(never);
    await wanting.close();
    expect(logged('model-serving')[0]).toContain('"provider":"cpu"');
    expect(logged('execution-provider-missing').map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ wanted: 'tensorrt', instead: 'cpu', model: 'bright@1.0.0' }),
      expect.objectContaining({ wanted: 'cuda', instead: 'cpu', model: 'bright@1.0.0' }),
    ]);
  });
});
