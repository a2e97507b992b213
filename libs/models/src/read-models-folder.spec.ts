import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testManifest } from '../../../test/support/test-manifest.ts';
import { modelFolders } from './model-folders.ts';
import { readModelsFolder } from './read-models-folder.ts';

describe('the models folder', () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'sightline-models-'));
  });

  afterEach(() => rm(root, { recursive: true }));

  async function write(folder: string, manifest: string | object): Promise<string> {
    await mkdir(join(root, folder), { recursive: true });
    const text = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
    await writeFile(join(root, folder, 'model.json'), text);
    return text;
  }

  async function read() {
    const { versions, refused } = await readModelsFolder(root);
    return { versions: versions.map(({ path, manifest }) => [path, manifest.version]), refused };
  }

  it('holds versions side by side, each in a folder of its own, at the top or below its model', async () => {
    await write('alone', testManifest({ name: 'alone' }));
    await write('reader/1.0.0', testManifest());
    await write('reader/next', testManifest({ version: '1.1.0' }));
    await write('reader-2', testManifest({ version: '2.0.0' }));
    expect(await read()).toEqual({
      versions: [
        [join(root, 'alone'), '1.0.0'],
        [join(root, 'reader-2'), '2.0.0'],
        [join(root, 'reader/1.0.0'), '1.0.0'],
        [join(root, 'reader/next'), '1.1.0'],
      ],
      refused: [],
    });
  });

  it('says what each manifest is, and the sum of its bytes', async () => {
    const text = await write('reader/1.0.0', testManifest());
    const manifestSha256 = createHash('sha256').update(text).digest('hex');
    const version = { path: join(root, 'reader/1.0.0'), manifest: testManifest(), manifestSha256 };
    expect(await readModelsFolder(root)).toEqual({ versions: [version], refused: [] });
  });

  it('passes over files, folders that hold no model, what is deeper, and what is still being copied', async () => {
    await writeFile(join(root, 'README.md'), '');
    await mkdir(join(root, 'training'));
    await write('.reader', testManifest());
    await write('reader/.1.1.0', testManifest());
    await write('reader/1.0.0/golden', testManifest());
    await symlink(join(root, 'gone'), join(root, 'link-to-nothing'));
    await symlink(join(root, 'README.md'), join(root, 'link-to-a-file'));
    expect(await read()).toEqual({ versions: [], refused: [] });
  });

  it('takes a folder with a manifest for one version, and looks no further into it', async () => {
    await write('reader', testManifest());
    await write('reader/2.0.0', testManifest({ version: '2.0.0' }));
    expect(await modelFolders(root)).toEqual([join(root, 'reader')]);
  });

  it('follows links, as a mount has them', async () => {
    await write('.data/reader', testManifest());
    await write('.data/next', testManifest({ version: '1.1.0' }));
    await mkdir(join(root, 'model'));
    await symlink(join(root, '.data/reader'), join(root, 'reader'));
    await symlink('../.data/next', join(root, 'model/1.1.0'));
    expect(await read()).toEqual({
      versions: [
        [join(root, 'model/1.1.0'), '1.1.0'],
        [join(root, 'reader'), '1.0.0'],
      ],
      refused: [],
    });
  });

  it('refuses each folder whose manifest is none or cannot be read, says why, and reads the others', async () => {
    await write('a/broken', '{');
    await write('a/malformed', { ...testManifest(), version: 'newest' });
    await mkdir(join(root, 'b/model.json'), { recursive: true });
    await mkdir(join(root, 'c'));
    await symlink(join(root, 'gone'), join(root, 'c/model.json'));
    await symlink(join(root, 'circle'), join(root, 'circle'));
    await write('reader', testManifest());
    expect(await read()).toEqual({
      versions: [[join(root, 'reader'), '1.0.0']],
      refused: [
        { folder: 'a/broken', reason: 'model.json is not JSON' },
        { folder: 'a/malformed', reason: expect.stringMatching(/^model\.json: version [^\n]+$/) },
        { folder: 'b', reason: 'model.json cannot be read' },
        { folder: 'c', reason: 'model.json cannot be read' },
        { folder: 'circle', reason: 'model.json cannot be read' },
      ],
    });
  });

  it('refuses a version that is there already, whichever way either lies', async () => {
    await write('reader', testManifest());
    await write('readers/1.0.0', testManifest({ title: 'Another' }));
    expect(await read()).toEqual({
      versions: [[join(root, 'reader'), '1.0.0']],
      refused: [{ folder: 'readers/1.0.0', reason: 'test-reader@1.0.0 is in reader already' }],
    });
  });

  it('rejects where the models folder itself cannot be read', async () => {
    await expect(readModelsFolder(join(root, 'nowhere'))).rejects.toThrow('ENOENT');
  });
});
