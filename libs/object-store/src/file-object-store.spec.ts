import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ObjectMissing, openObjectStore, type ObjectStore } from './index.ts';

async function* chunksOf(...texts: string[]): AsyncIterable<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function* breaksAfter(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text);
  throw new Error('peer went away');
}

describe('file object store', () => {
  let root: string;
  let store: ObjectStore;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'objects-'));
    store = openObjectStore(pathToFileURL(root).href);
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('gives back the bytes as they came, with their size and sha256', async () => {
    const stored = await store.write('a/b/c.dcm', chunksOf('hello ', 'world'));
    expect(stored).toEqual({
      size: 11,
      sha256: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9',
    });
    expect((await store.read('a/b/c.dcm')).toString()).toBe('hello world');
  });

  it('never replaces an object: the second write under a key fails and the first stays', async () => {
    await store.write('a/x', chunksOf('first'));
    await expect(store.write('a/x', chunksOf('second'))).rejects.toMatchObject({ code: 'EEXIST' });
    expect((await store.read('a/x')).toString()).toBe('first');
    expect(await readdir(join(root, 'a'))).toEqual(['x']);
  });

  it('leaves nothing behind when the source breaks off', async () => {
    await expect(store.write('a/x', breaksAfter('half'))).rejects.toThrow('peer went away');
    expect(await readdir(join(root, 'a'))).toEqual([]);
  });

  it('says which object is missing', async () => {
    await expect(store.read('a/none')).rejects.toBeInstanceOf(ObjectMissing);
    await expect(store.open('a/none')).rejects.toThrow('no object under a/none');
  });

  it.each(['../etc/passwd', '/etc/passwd', 'a/../../b', '', 'a//b', 'a/.hidden'])('refuses the key %j', async (key) => {
    await expect(store.read(key)).rejects.toThrow('not an object key');
  });

  it('lists the objects below a folder, and none where the folder was never written', async () => {
    await store.write('i/1/x', chunksOf('1'));
    await store.write('i/2/y', chunksOf('2'));
    await store.write('other/z', chunksOf('3'));
    const keys: string[] = [];
    for await (const { key } of store.list('i')) keys.push(key);
    expect(keys.sort()).toEqual(['i/1/x', 'i/2/y']);
    for await (const { key } of store.list('never')) keys.push(key);
    expect(keys).toHaveLength(2);
  });
});
