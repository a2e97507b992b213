import { addAbortSignal } from 'node:stream';
import { ObjectMissing, type ObjectStore } from '@sightline/object-store';

/** Of one object, where nothing else is said: of a picture at the size of its image, several times that of a radiograph. */
const pictureBytes = 2 ** 25;

/** What a picture of few bytes may unpack to: for whoever unpacks one that was read here. */
export const unpacked = { limitInputPixels: 64_000_000, sequentialRead: true } as const;

/** A store that does not answer by then holds no report up. */
const readMs = 5_000;
const tries = 2;

export interface ReadBounds {
  timeoutMs?: number;
  mostBytes?: number;
  /** Made for each try and given all the bytes in their order; true once the rest need not be read. */
  enough?: () => (chunk: Uint8Array) => boolean;
}

export type Read =
  | { kind: 'bytes'; bytes: Buffer }
  | { kind: 'left-out'; reason: 'missing' | 'too-large' | 'unreadable' };

/** An object, unless it is missing, larger than it may be, or not to be had in time; what fails otherwise is tried again. */
export async function readBounded(objects: ObjectStore, key: string, bounds: ReadBounds = {}): Promise<Read> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const signal = AbortSignal.timeout(bounds.timeoutMs ?? readMs);
    const read = await readOnce(objects, key, bounds, signal).catch((error: unknown) =>
      error instanceof ObjectMissing ? ({ kind: 'left-out', reason: 'missing' } as const) : undefined,
    );
    if (read !== undefined) return read;
  }
  return { kind: 'left-out', reason: 'unreadable' };
}

async function readOnce(
  objects: ObjectStore,
  key: string,
  { mostBytes = pictureBytes, enough }: ReadBounds,
  signal: AbortSignal,
): Promise<Read> {
  const { stream, size } = await orAborted(objects.open(key), signal);
  const isEnough = enough?.();
  if (isEnough === undefined && size > mostBytes) {
    stream.destroy();
    return { kind: 'left-out', reason: 'too-large' };
  }
  const chunks: Buffer[] = [];
  let length = 0;
  // Leaving the loop closes the stream.
  for await (const chunk of addAbortSignal(signal, stream) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (isEnough?.(chunk) === true) break;
    if (length > mostBytes) return { kind: 'left-out', reason: 'too-large' };
  }
  return { kind: 'bytes', bytes: Buffer.concat(chunks) };
}

/** Opening cannot be called off, only no longer waited for. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  return Promise.race([work, aborted.promise]).finally(() => signal.removeEventListener('abort', onAbort));
}
