import { closeSync, openSync, unlinkSync, write } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { randomUUID } from 'node:crypto';

/** Memory by the name of a file, where there is any. */
const folder = '/dev/shm';

const writeAt = promisify(write);

/** Where numbers lie in the scratch, in bytes. */
export interface Parcel {
  at: number;
  bytes: number;
}

/**
 * Memory that processes of ours have in common, for what is too large for a pipe: a tensor of images crosses it several times as fast.
 * The file has no name once it is open, so that nobody else reads it and nothing is left of it. Where it cannot be had or is full, a
 * parcel is not taken, and the pipe is used.
 */
export class SharedScratch {
  /** To be inherited by the processes that read. Undefined where there is none. */
  readonly fd = openNameless();
  /** By place. */
  readonly #parcels: Parcel[] = [];

  /** Copies numbers in, off the event loop. */
  async put(numbers: Float32Array): Promise<Parcel | undefined> {
    if (this.fd === undefined) return undefined;
    const parcel = this.#reserve(numbers.byteLength);
    const bytes = Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    for (let done = 0; done < bytes.length;) {
      const written = await writeAt(this.fd, bytes, done, bytes.length - done, parcel.at + done).catch(() => undefined);
      if (written === undefined) {
        this.free(parcel);
        return undefined;
      }
      done += written.bytesWritten;
    }
    return parcel;
  }

  free(parcel: Parcel): void {
    const place = this.#parcels.indexOf(parcel);
    if (place >= 0) this.#parcels.splice(place, 1);
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd);
  }

  /** The first gap that is large enough, so that the file stays as small as it can. */
  #reserve(bytes: number): Parcel {
    let at = 0;
    let place = 0;
    for (const parcel of this.#parcels) {
      if (parcel.at - at >= bytes) break;
      at = parcel.at + parcel.bytes;
      place += 1;
    }
    const reserved = { at, bytes };
    this.#parcels.splice(place, 0, reserved);
    return reserved;
  }
}

function openNameless(): number | undefined {
  const path = join(folder, `sightline-${randomUUID()}`);
  try {
    const fd = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    return fd;
  } catch {
    return undefined;
  }
}
