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
  it('takes each folder as one version, at the top or below its model', async () => {
    await write('reader', testManifest());
    await write('readers/next', testManifest({ version: '2.0.0', role: 'shadow' }));
    expect(versions(await open())).toEqual(['1.0.0', '2.0.0']);
  });

  it('refuses a malformed manifest and says which and where', async () => {
    await write('broken', '{"name": "Not A Name"}');
    await expect(open()).rejects.toThrow('broken: model.json: name');
    await write('broken', '{');
    await expect(open()).rejects.toThrow('broken: model.json is not JSON');
  });

  it('refuses one version in two folders', async () => {
    await write('one', testManifest());
    await write('two', testManifest());
    await expect(open()).rejects.toThrow('two: test-reader@1.0.0 is in one already');
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
    expect(lines[1]).toContain('reader: model.json is not JSON');
  });

  it('keeps a version as it was first read when its folder is called otherwise', async () => {
    await write('reader', testManifest());
    const shelf = await open();
    await rm(join(folder, 'reader'), { recursive: true });
    await write('readers/1.0.0', testManifest({ title: 'Another' }));
    await shelf.look();
    expect(shelf.manifests.map(({ title }) => title)).toEqual([testManifest().title]);
    expect(lines).toEqual([expect.stringContaining('test-reader@1.0.0 was changed')]);
  });

  it('has a spoilt version once when it is there again under another name', async () => {
    await write('reader', testManifest());
    const shelf = await open();
    await write('reader', '{');
    await write('readers/1.0.0', testManifest());
    await shelf.look();
    expect(versions(shelf)).toEqual(['1.0.0']);
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
