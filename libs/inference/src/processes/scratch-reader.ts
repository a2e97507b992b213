import { fstatSync, readSync } from 'node:fs';
import { load, view } from 'koffi';
import type { Parcel } from './shared-scratch.ts';

/** From sys/mman.h of glibc, alike on every 64-bit Linux. */
const PROT_READ = 1;
const MAP_SHARED = 1;
const MAP_FAILED = 2n ** 64n - 1n;

interface Mapping {
  memory: ArrayBuffer;
  end(): void;
}

/**
 * The other end of a SharedScratch, in the process that computes. A parcel is read where it lies: to copy a batch of
 * radiographs out costs about a tenth of computing it. Several are copied into one array, and so is one that cannot be mapped.
 */
export class ScratchReader {
  readonly #fd: number;
  readonly #map = mapper();
  #mapping: Mapping | undefined;
  /** What was copied out last. Used again and again: new memory is slow. */
  #copied = new Float32Array(0);

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** The numbers of the parcels in a row, to be used before the next call, and before a parcel of theirs is freed. */
  numbers(parcels: readonly Parcel[]): Float32Array {
    const [only] = parcels;
    if (only === undefined || parcels.length > 1) return this.#copy(parcels);
    const memory = this.#mappedTo(only.at + only.bytes);
    return memory === undefined
      ? this.#copy(parcels)
      : new Float32Array(memory, only.at, only.bytes / Float32Array.BYTES_PER_ELEMENT);
  }

  /** The scratch grows and never shrinks: what was mapped once stays readable, and is mapped anew for what came behind it. */
  #mappedTo(end: number): ArrayBuffer | undefined {
    if (this.#mapping !== undefined && this.#mapping.memory.byteLength >= end) return this.#mapping.memory;
    const { size } = fstatSync(this.#fd);
    // Memory behind the end of a file cannot be touched without dying of it.
    if (size < end) return undefined;
    this.#mapping?.end();
    this.#mapping = this.#map?.(this.#fd, size);
    return this.#mapping?.memory;
  }

  #copy(parcels: readonly Parcel[]): Float32Array {
    const bytes = parcels.reduce((sum, parcel) => sum + parcel.bytes, 0);
    if (this.#copied.byteLength < bytes) this.#copied = new Float32Array(bytes / Float32Array.BYTES_PER_ELEMENT);
    const into = new Uint8Array(this.#copied.buffer);
    let at = 0;
    for (const parcel of parcels) {
      const end = at + parcel.bytes;
      for (let from = parcel.at; at < end;) {
        const read = readSync(this.#fd, into, at, end - at, from);
        if (read === 0) throw new Error('the scratch ends before a parcel does');
        at += read;
        from += read;
      }
    }
    return this.#copied.subarray(0, bytes / Float32Array.BYTES_PER_ELEMENT);
  }
}

/** Maps a file to be read. Undefined where there is no glibc. */
function mapper(): ((fd: number, size: number) => Mapping | undefined) | undefined {
  try {
    const libc = load('libc.so.6');
    const mmap = libc.func('void *mmap(void *addr, size_t length, int prot, int flags, int fd, long offset)');
    const munmap = libc.func('int munmap(void *addr, size_t length)');
    return (fd, size) => {
      const at: bigint = mmap(null, size, PROT_READ, MAP_SHARED, fd, 0);
      return at === MAP_FAILED ? undefined : { memory: view(at, size), end: () => void munmap(at, size) };
    };
  } catch {
    return undefined;
  }
}
