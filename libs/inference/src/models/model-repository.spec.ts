import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadModel, loadModels, modelFolders } from './model-repository.ts';

const testModels = join(import.meta.dirname, '../../test-models');

describe('the model repository', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'models-'));
    await cp(join(testModels, 'bright'), join(folder, 'bright'), { recursive: true });
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('loads every model of a worker', async () => {
    const { models, refused } = await loadModels(testModels, 'xray');
    expect(refused).toEqual([]);
    expect(models.map(({ manifest }) => manifest.name).sort()).toEqual(['bright', 'slow']);
  });

  it('refuses a file of another sum', async () => {
    await appendFile(join(folder, 'bright/1/model.onnx'), 'x');
    expect(await loadModel(join(folder, 'bright'))).toMatchObject({
      kind: 'refused',
      line: expect.stringContaining('has sha256'),
    });
  });

  it('refuses a file that is not there', async () => {
    await rm(join(folder, 'bright/1/model.onnx'));
    expect(await loadModel(join(folder, 'bright'))).toMatchObject({
      kind: 'refused',
      line: expect.stringContaining('cannot be read'),
    });
  });

  it('refuses a manifest that breaks its schema, naming the field, in one line', async () => {
    const path = join(folder, 'bright/model.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    await writeFile(path, JSON.stringify({ ...manifest, version: 'newest' }));
    const loaded = await loadModel(join(folder, 'bright'));
    expect(loaded).toMatchObject({ kind: 'refused', line: expect.stringContaining('is no manifest: version') });
    expect(loaded.kind === 'refused' && loaded.line).not.toContain('\n');
  });

  it('refuses a manifest that is no JSON', async () => {
    await writeFile(join(folder, 'bright/model.json'), '{');
    expect(await loadModel(join(folder, 'bright'))).toMatchObject({ line: expect.stringContaining('is no JSON') });
  });

  it('takes each folder with a manifest for one version, a level or two below', async () => {
    await cp(join(testModels, 'bright'), join(folder, 'other/1.0.0'), { recursive: true });
    await cp(join(testModels, 'bright'), join(folder, 'other/.1.1.0-half-copied'), { recursive: true });
    expect(await modelFolders(folder)).toEqual([join(folder, 'bright'), join(folder, 'other/1.0.0')]);
  });

  it('refuses what is no folder of models', async () => {
    expect((await loadModels(join(folder, 'nowhere'), 'xray')).refused).toHaveLength(1);
  });
});
