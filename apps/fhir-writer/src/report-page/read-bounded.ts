import { addAbortSignal } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ObjectMissing, type ObjectStore } from '@sightline/object-store';

/** Of one picture. */
const mostBytes = 2 * 1024 * 1024;

/** A store that does not answer by then holds no report up. */
const readMs = 5_000;
const tries = 2;

export type Read =
  | { kind: 'bytes'; bytes: Buffer }
  | { kind: 'left-out'; reason: 'missing' | 'too-large' | 'unreadable' };

/** An object, unless it is missing, larger than a picture may be, or not to be had in time; what fails otherwise is tried again. */
export async function readBounded(objects: ObjectStore, key: string, timeoutMs = readMs): Promise<Read> {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const read = await readOnce(objects, key, AbortSignal.timeout(timeoutMs)).catch((error: unknown) =>
      error instanceof ObjectMissing ? ({ kind: 'left-out', reason: 'missing' } as const) : undefined,
    );
    if (read !== undefined) return read;
  }
  return { kind: 'left-out', reason: 'unreadable' };
}

async function readOnce(objects: ObjectStore, key: string, signal: AbortSignal): Promise<Read> {
  const { stream, size } = await orAborted(objects.open(key), signal);
  if (size > mostBytes) {
    stream.destroy();
    return { kind: 'left-out', reason: 'too-large' };
  }
  return { kind: 'bytes', bytes: await buffer(addAbortSignal(signal, stream)) };
}

/** Opening cannot be called off, only no longer waited for. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  return Promise.race([work, aborted.promise]).finally(() => signal.removeEventListener('abort', onAbort));
}
