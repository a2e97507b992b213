import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ObjectStore, openObjectStore, type StoredObject } from '@sightline/object-store';
import { temporaryDirectory, type TemporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { readBounded } from './read-bounded.ts';

let directory: TemporaryDirectory;
let objects: ObjectStore;

beforeEach(async () => {
  directory = await temporaryDirectory('bounded');
  objects = openObjectStore(pathToFileURL(directory.path).href);
});
afterEach(() => directory.remove());

async function* zeros(size: number): AsyncIterable<Uint8Array> {
  yield Buffer.alloc(size);
}

/** As a file system over a network that has gone. */
class SilentStore extends ObjectStore {
  write = async (): Promise<StoredObject> => forever();
  open = async (): Promise<never> => forever();
  read = async (): Promise<never> => forever();
  delete = async (): Promise<never> => forever();
  async *list(): AsyncIterable<never> {}
}

function forever(): Promise<never> {
  return new Promise(() => undefined);
}

describe('reading a picture', () => {
  it('gives all bytes of one of exactly 32 mebibytes, and none of a larger one', async () => {
    await objects.write('exact', zeros(2 ** 25));
    await objects.write('larger', zeros(2 ** 25 + 1));
    expect(await readBounded(objects, 'exact')).toMatchObject({ kind: 'bytes', bytes: { length: 2 ** 25 } });
    expect(await readBounded(objects, 'larger')).toEqual({ kind: 'left-out', reason: 'too-large' });
  });

  it('tells an object that is missing from a store that fails', async () => {
    expect(await readBounded(objects, 'nothing')).toEqual({ kind: 'left-out', reason: 'missing' });
    expect(await readBounded(objects, '../outside')).toEqual({ kind: 'left-out', reason: 'unreadable' });
  });

  it('gives up on a store that does not answer, after the second try', async () => {
    const began = performance.now();
    expect(await readBounded(new SilentStore(), 'key', { timeoutMs: 100 })).toEqual({
      kind: 'left-out',
      reason: 'unreadable',
    });
    expect(performance.now() - began).toBeGreaterThanOrEqual(190);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
