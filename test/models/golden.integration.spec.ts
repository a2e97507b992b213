import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { loadModel, ProcessPixelReader, ProcessRuntime, proveGolden } from '@sightline/inference';
import { modelFolders } from '@sightline/models';
import { root } from '../../tools/check/steps.ts';
import { pipelineOf } from '../../tools/evaluate/pipeline-of.ts';
import { readGolden } from '../support/golden.ts';

jest.setTimeout(120_000);

const loaded = await Promise.all((await modelFolders(join(root, 'models'))).map(loadModel));
const refused = loaded.filter(({ kind }) => kind === 'refused');
const models = loaded.flatMap((each) => (each.kind === 'model' ? [each.model] : []));

describe('a shipped model', () => {
  const runtime = new ProcessRuntime();
  const pixels = new ProcessPixelReader();
  const never = new AbortController().signal;

  beforeAll(async () => {
    for (const model of models) expect(await runtime.load(model, never)).toMatchObject({ kind: 'computed' });
  });

  afterAll(() => Promise.all([runtime.close(), pixels.close()]));

  it('is there, and none is refused', () => {
    expect(refused).toEqual([]);
    expect(models.length).toBeGreaterThan(0);
  });

  it.each(models)('$manifest.name says of its golden inputs what its maker recorded', async (model) => {
    const proof = await proveGolden({ model, pipeline: pipelineOf(model), pixels, runtime }, never);
    expect(proof).toEqual({ kind: 'proved', cases: expect.any(Number) });
  });

  it('of chest radiographs has golden inputs it speaks of, present and absent', async () => {
    const said = (await readGolden()).flatMap(({ expected }) =>
      expected.outcome === 'findings' ? Object.values(expected.present) : [],
    );
    expect(new Set(said)).toEqual(new Set([true, false]));
  });
});
