import type { Readable } from 'node:stream';

/** A key no object is stored under. */
export class ObjectMissing extends Error {
  constructor(readonly key: string) {
    super(`no object under ${key}`);
  }
}

/** What a write reports once the bytes are durable. `size` in bytes, `sha256` in lower-case hex. */
export interface StoredObject {
  size: number;
  sha256: string;
}

/**
 * Pixels and pictures by claim check. Objects are written once and never changed.
 *
 * Keys are relative paths of `A–Z a–z 0–9 . _ -` and `/`, without `..`.
 */
export abstract class ObjectStore {
  /** Stores a stream under a key not used before. Resolves only when bytes and name would survive a power cut. */
  abstract write(key: string, chunks: AsyncIterable<Uint8Array>): Promise<StoredObject>;
  /** A stream of the object and its size in bytes. Rejects with ObjectMissing. */
  abstract open(key: string): Promise<{ stream: Readable; size: number }>;
  /** The whole object. Rejects with ObjectMissing. */
  abstract read(key: string): Promise<Buffer>;
  /** Removes an object; a missing one is no error. */
  abstract delete(key: string): Promise<void>;
  /** Every object whose key starts with the folder `prefix`, and every write that never finished. */
  abstract list(prefix: string): AsyncIterable<{ key: string; modifiedAt: Date }>;
}
