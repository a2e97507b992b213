import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@sightline/platform';
import { testManifest } from '../../../test/support/test-manifest.ts';
import { ModelShelf } from './model-shelf.ts';

let folder: string;
let lines: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-models-'));
  lines = [];
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const open = (): Promise<ModelShelf> =>
  ModelShelf.open(folder, createLogger('test', 'warn', { write: (line) => lines.push(line) }));

async function write(name: string, manifest: string | object): Promise<void> {
  await mkdir(join(folder, name), { recursive: true });
  const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
  await writeFile(join(folder, name, 'model.json'), text);
}

const versions = (shelf: ModelShelf): string[] => shelf.manifests.map(({ version }) => version);

describe('opening the models folder', () => {
  it('passes over files, folders that hold no model, and what is still being copied under a name with a dot', async () => {
    await mkdir(join(folder, 'training'));
    await writeFile(join(folder, 'README.md'), '');
    await write('.reader-2', testManifest());
    expect((await open()).manifests).toEqual([]);
  });

  it('takes each folder as one version, however it is called', async () => {
    await write('reader', testManifest());
    await write('reader-next', testManifest({ version: '2.0.0', role: 'shadow' }));
    expect(versions(await open())).toEqual(['1.0.0', '2.0.0']);
  });

  it('refuses a malformed manifest and says which and where', async () => {
    await write('broken', '{"name": "Not A Name"}');
    await expect(open()).rejects.toThrow('broken/model.json: name');
    await write('broken', '{');
    await expect(open()).rejects.toThrow('broken/model.json: not JSON');
  });

  it('refuses one version in two folders', async () => {
    await write('one', testManifest());
    await write('two', testManifest());
    await expect(open()).rejects.toThrow('test-reader@1.0.0 is in the models folder twice');
  });

  it('refuses a folder that is not there', async () => {
    folder = join(folder, 'nowhere');
    await expect(open()).rejects.toThrow('ENOENT');
    await mkdir(folder);
  });
});

describe('looking again', () => {
  it('takes up a version that appears and drops one that goes', async () => {
    await write('reader', testManifest());
    const shelf = await open();
    await write('reader-next', testManifest({ version: '2.0.0' }));
    await shelf.look();
    expect(versions(shelf)).toEqual(['1.0.0', '2.0.0']);
    await rm(join(folder, 'reader'), { recursive: true });
    await shelf.look();
    expect(versions(shelf)).toEqual(['2.0.0']);
  });

  it('keeps a version as it was first read when its manifest is changed or spoilt, and says so once', async () => {
    await write('reader', testManifest());
    const shelf = await open();
    await write('reader', testManifest({ title: 'Another' }));
    await shelf.look();
    await shelf.look();
    await write('reader', '{');
    await shelf.look();
    await shelf.look();
    expect(shelf.manifests.map(({ title }) => title)).toEqual([testManifest().title]);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('test-reader@1.0.0 was changed');
    expect(lines[1]).toContain('reader/model.json: not JSON');
  });

  it('is not stopped by a malformed newcomer', async () => {
    await write('reader', testManifest());
    const shelf = await open();
    await write('broken', '{}');
    await shelf.look();
    expect(versions(shelf)).toEqual(['1.0.0']);
    expect(lines).toHaveLength(1);
  });
});
