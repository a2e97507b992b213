import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { link, mkdir, open, opendir, readFile, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Readable } from 'node:stream';
import { ObjectMissing, ObjectStore, type StoredObject } from './object-store.ts';

const keyPattern = /^(?!.*\.\.)[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

/** Bytes: an image is megabytes, and each read is a way through the thread pool. */
const readAtOnce = 2 ** 18;

/** Objects as files below one folder, which every replica mounts. */
export class FileObjectStore extends ObjectStore {
  constructor(private readonly root: string) {
    super();
  }

  /**
   * Bytes go to a file of a name nobody knows, are fsynced, then linked under the key: `link` fails where the key exists, so an
   * object is whole or absent and never replaced. The folders that gained a name are fsynced last.
   */
  async write(key: string, chunks: AsyncIterable<Uint8Array>): Promise<StoredObject> {
    const path = this.pathOf(key);
    const unfinished = join(dirname(path), `.unfinished-${randomUUID()}`);
    const firstNewFolder = await mkdir(dirname(path), { recursive: true });
    try {
      const stored = await writeAndSync(unfinished, chunks);
      await link(unfinished, path);
      await unlink(unfinished);
      await syncFolders(dirname(path), firstNewFolder === undefined ? dirname(path) : dirname(firstNewFolder));
      return stored;
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  }

  async open(key: string): Promise<{ stream: Readable; size: number }> {
    const path = this.pathOf(key);
    const { size } = await stat(path).catch(missing(key));
    // An object never changes, so its end is known: nothing is read, nor room made, beyond it.
    return { stream: createReadStream(path, { highWaterMark: readAtOnce, end: Math.max(size - 1, 0) }), size };
  }

  async read(key: string): Promise<Buffer> {
    return readFile(this.pathOf(key)).catch(missing(key));
  }

  async delete(key: string): Promise<void> {
    await rm(this.pathOf(key), { force: true });
  }

  async *list(prefix: string): AsyncIterable<{ key: string; modifiedAt: Date }> {
    const folder = this.pathOf(prefix);
    const entries = await opendir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (entries === undefined) return;
    for await (const entry of entries) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined) yield { key: relative(this.root, path), modifiedAt: found.mtime };
    }
  }

  private pathOf(key: string): string {
    if (!keyPattern.test(key) && !/\/\.unfinished-[0-9a-f-]{36}$/.test(key)) throw new Error('not an object key');
    return join(this.root, key);
  }
}

async function writeAndSync(path: string, chunks: AsyncIterable<Uint8Array>): Promise<StoredObject> {
  const file = await open(path, 'wx');
  try {
    const hash = createHash('sha256');
    let size = 0;
    for await (const chunk of chunks) {
      hash.update(chunk);
      size += chunk.byteLength;
      await file.writeFile(chunk);
    }
    await file.sync();
    return { size, sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}

/** Fsyncs `folder` and every parent up to and including `last`. */
async function syncFolders(folder: string, last: string): Promise<void> {
  for (let current = folder; ; current = dirname(current)) {
    const handle = await open(current, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (current === last || current === dirname(current)) return;
  }
}

function missing(key: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.code === 'ENOENT') throw new ObjectMissing(key);
    throw error;
  };
}
