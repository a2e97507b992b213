import { fileURLToPath } from 'node:url';
import { FileObjectStore } from './file-object-store.ts';
import type { ObjectStore } from './object-store.ts';

/** The store an address names: `file:///folder`, shared by all replicas. Throws on any other scheme. */
export function openObjectStore(url: string): ObjectStore {
  if (url.startsWith('file:')) return new FileObjectStore(fileURLToPath(url));
  throw new Error(`OBJECT_STORE_URL must start with file:, not ${url.split(':', 1)[0]}:`);
}
