import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadModel } from './model-repository.ts';

const testModels = join(import.meta.dirname, '../../test-models');

describe('the model repository', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'models-'));
    await cp(join(testModels, 'bright'), join(folder, 'bright'), { recursive: true });
  });

  afterEach(() => rm(folder, { recursive: true }));

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
    expect(loaded).toMatchObject({ kind: 'refused', line: expect.stringContaining('model.json: version') });
    expect(loaded.kind === 'refused' && loaded.line).not.toContain('\n');
  });

  it('loads what is as its manifest states', async () => {
    const bright = join(folder, 'bright');
    expect(await loadModel(bright)).toMatchObject({
      kind: 'model',
      model: { manifest: { name: 'bright' }, folder: bright, path: join(bright, '1/model.onnx') },
    });
  });
});
