import { createHash } from 'node:crypto';
import type { Failure, Instance } from '@sightline/contracts';
import { describeFrames } from '@sightline/dicom';
import type { ObjectStore } from '@sightline/object-store';
import { describeError } from '@sightline/platform';
import { inflateHeader, readObjectHeader } from '../read-object-header.ts';
import type { Read } from './reading.ts';
import type { SeriesObject } from './read-volume.ts';

/**
 * A stored instance by its header and the geometry of its frames. `keep` holds on to the bytes, for whoever reads one object after the
 * other; without it they are read again, and checked again, when they are asked for: what is open is small, however large the study.
 */
export async function openObject(objects: ObjectStore, instance: Instance, keep: boolean): Promise<Read<SeriesObject>> {
  const fetch = (): Promise<Read<Uint8Array>> => fetchObject(objects, instance);
  const object = await fetch();
  if (object.kind === 'failed') return object;
  return keep ? describeObject(object.value) : describeObject(object.value, fetch);
}

/** A Part 10 object in memory, as `openObject` gives it. */
export function describeObject(
  object: Uint8Array,
  bytes: () => Promise<Read<Uint8Array>> = async () => ({ kind: 'computed', value: object }),
): Read<SeriesObject> {
  const read = readObjectHeader(object);
  if (read.kind === 'invalid') return failed('invalid-input', `no DICOM image: ${read.reason}`);
  const described = describeFrames(object, inflateHeader);
  const frames = described.kind === 'frames' ? described.frames : [];
  return { kind: 'computed', value: { header: read.header, frames, bytes } };
}

async function fetchObject(objects: ObjectStore, instance: Instance): Promise<Read<Uint8Array>> {
  const fetched = await reach(() => objects.read(instance.objectKey));
  if (fetched.kind === 'failed') return fetched;
  const sha256 = createHash('sha256').update(fetched.value).digest('hex');
  return sha256 === instance.sha256 ? fetched : failed('defect', 'an object is not what was stored');
}

/** Whatever the object store throws may pass: a folder not mounted yet, a full disk. */
export async function reach<T>(access: () => Promise<T>): Promise<Read<T>> {
  try {
    return { kind: 'computed', value: await access() };
  } catch (error) {
    return failed('unavailable', `the object store: ${describeError(error)}`);
  }
}

export function failed(kind: Failure['kind'], message: string): { kind: 'failed'; failure: Failure } {
  return { kind: 'failed', failure: { kind, message } };
}
