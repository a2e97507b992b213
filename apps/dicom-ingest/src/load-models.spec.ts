import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModels } from './load-models.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-models-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function write(name: string, text: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  await writeFile(join(folder, name, 'model.json'), text);
}

describe('loadModels', () => {
  it('passes over folders that hold no model', async () => {
    await mkdir(join(folder, 'training'));
    await writeFile(join(folder, 'README.md'), '');
    expect(await loadModels(folder)).toEqual([]);
  });

  it('refuses a malformed manifest and says which and where', async () => {
    await write('broken', '{"name": "Not A Name"}');
    await expect(loadModels(folder)).rejects.toThrow('broken/model.json: name');
    await write('broken', '{');
    await expect(loadModels(folder)).rejects.toThrow();
  });

  it('refuses a folder that is not there', async () => {
    await expect(loadModels(join(folder, 'nowhere'))).rejects.toThrow('ENOENT');
  });
});
