import { inflateRawSync, constants } from 'node:zlib';
import { readHeader, type ReadHeader } from '@sightline/dicom';

/** Bytes a deflated data set may grow to: a bomb is no image. */
const mostInflated = 256 * 1024 * 1024;

/** Header of a Part 10 object, deflated ones included. */
export function readObjectHeader(object: Uint8Array): ReadHeader {
  return readHeader(object, inflateHeader);
}

/** Deflated bytes as far as they go (PS3.5 A.5), or undefined where they are none. */
export function inflateHeader(deflated: Uint8Array): Uint8Array | undefined {
  try {
    return inflateRawSync(deflated, { maxOutputLength: mostInflated, finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return undefined;
  }
}
