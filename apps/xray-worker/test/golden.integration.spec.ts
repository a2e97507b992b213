import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  describeObject,
  loadModel,
  ProcessPixelReader,
  ProcessRuntime,
  readObjects,
  type Model,
} from '@sightline/inference';
import { modelFolders } from '@sightline/models';
import { z } from 'zod';
import { readChestXray } from '../src/pipelines/read-chest-xray.ts';

jest.setTimeout(120_000);

const root = join(import.meta.dirname, '../../../models');

/** What a model's maker recorded of an input: values that serving must give within 1e-3. */
const goldenSchema = z.array(
  z.object({
    file: z.string(),
    expected: z.discriminatedUnion('outcome', [
      z.object({
        outcome: z.literal('findings'),
        probability: z.record(z.string(), z.number()),
        present: z.record(z.string(), z.boolean()),
      }),
      z.object({ outcome: z.literal('skipped'), reason: z.string() }),
    ]),
  }),
);

const loaded = await Promise.all((await modelFolders(root)).map(loadModel));
const refused = loaded.filter(({ kind }) => kind === 'refused');
const models = loaded
  .flatMap((each) => (each.kind === 'model' ? [each.model] : []))
  .filter(({ manifest }) => manifest.worker === 'xray');
const cases = await Promise.all(models.map(async (model) => ({ model, golden: await goldenOf(model) })));

/** One case per file; an entry that names a folder stands for every object in it. */
async function goldenOf({ folder }: Model) {
  const golden = join(folder, 'golden');
  const entries = goldenSchema.parse(JSON.parse(await readFile(join(golden, 'golden.json'), 'utf8')));
  const expanded = entries.map(async (entry) => {
    if (!entry.file.endsWith('/')) return [entry];
    const names = await readdir(join(golden, entry.file));
    return names.filter((name) => name.endsWith('.dcm')).map((name) => ({ ...entry, file: join(entry.file, name) }));
  });
  return (await Promise.all(expanded)).flat();
}

async function* only<T>(item: T): AsyncGenerator<T> {
  yield item;
}

it('has a model to hold to its golden values, and none that is refused', () => {
  expect(refused).toEqual([]);
  expect(models.length).toBeGreaterThan(0);
});

describe.each(cases)('$model.manifest.name on its golden inputs', ({ model, golden }) => {
  const runtime = new ProcessRuntime();
  const pixels = new ProcessPixelReader();
  const never = new AbortController().signal;

  beforeAll(async () => {
    const loaded = await runtime.load(model, never);
    if (loaded.kind === 'failed') throw new Error(loaded.failure.message);
  });

  afterAll(() => Promise.all([runtime.close(), pixels.close()]));

  it('has some it speaks of, present and absent', () => {
    const said = golden.flatMap(({ expected }) =>
      expected.outcome === 'findings' ? Object.values(expected.present) : [],
    );
    expect(new Set(said)).toEqual(new Set([true, false]));
  });

  it.each(golden)('$file', async ({ file, expected }) => {
    const object = describeObject(await readFile(join(model.folder, 'golden', file)));
    if (expected.outcome === 'skipped' && expected.reason === 'no-model') {
      // Routing, not this worker, says so: on modality alone no model is asked.
      const asked = object.kind === 'computed' && object.value.header.modality;
      expect(model.manifest.input.modalities).not.toContain(asked);
      return;
    }
    const reader = { model, pipeline: readChestXray, pixels, runtime };
    const [reading] = await Array.fromAsync(readObjects(reader, only(object), { signal: never }));
    if (reading === undefined) throw new Error(`${file}: nothing was said`);
    if (expected.outcome === 'skipped') {
      expect(reading).toMatchObject({ kind: 'refused', reason: expected.reason });
      return;
    }
    if (reading.kind !== 'read') throw new Error(`${file}: ${JSON.stringify(reading)}`);
    expect(reading.findings.map(({ key }) => key).sort()).toEqual(Object.keys(expected.probability).sort());
    for (const { key, certainty, presence } of reading.findings) {
      expect(Math.abs(certainty.probability - (expected.probability[key] ?? Number.NaN))).toBeLessThan(1e-3);
      expect(presence).toBe(expected.present[key] === true ? 'present' : 'absent');
    }
  });
});
