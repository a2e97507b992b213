import { constants, inflateRawSync } from 'node:zlib';
import { DataSetStructure, deflatedExplicitVrLittleEndian, readFileMeta } from '@sightline/dicom';
import { readSourceInstance, type SourceInstance } from '@sightline/dicom-results';
import type { ObjectStore } from '@sightline/object-store';
import { readBounded, type Read } from '../read-bounded.ts';

/** Before the pixels: that of an enhanced object describes thousands of frames. */
const longestHeader = 2 ** 25;

/** What a deflated header may inflate to. */
const mostInflated = 2 ** 27;

/** No file meta information is longer. */
const longestMeta = 2 ** 14;

export type ReadSource =
  | { kind: 'source'; source: SourceInstance }
  | { kind: 'left-out'; reason: 'malformed' }
  | Exclude<Read, { kind: 'bytes' }>;

/** An image of the study by its header: of its pixels no more is read than comes with the header's last bytes. */
export async function readSource(objects: ObjectStore, objectKey: string): Promise<ReadSource> {
  const read = await readBounded(objects, objectKey, { mostBytes: longestHeader, enough: untilPixels });
  if (read.kind === 'left-out') return read;
  const header = readSourceInstance(read.bytes, inflate);
  return header.kind === 'source' ? header : { kind: 'left-out', reason: 'malformed' };
}

/** True once the data set has come to its pixels. A deflated one is small, and read to its end. */
function untilPixels(): (chunk: Uint8Array) => boolean {
  let start: Uint8Array = new Uint8Array();
  let structure: DataSetStructure | 'deflated' | undefined;
  return (chunk) => {
    if (structure === 'deflated') return false;
    if (structure === undefined) {
      start = Buffer.concat([start, chunk]);
      if (start.length < longestMeta) return false;
      const meta = readFileMeta(start);
      if (meta.kind === 'invalid') return true;
      const { transferSyntaxUid, dataSetOffset } = meta.meta;
      const deflated = transferSyntaxUid === deflatedExplicitVrLittleEndian;
      structure = deflated ? 'deflated' : new DataSetStructure(transferSyntaxUid);
      if (structure === 'deflated') return false;
      chunk = start.subarray(dataSetOffset);
    }
    return structure.push(chunk) !== undefined || structure.headerEnd !== undefined;
  };
}

function inflate(deflated: Uint8Array): Uint8Array | undefined {
  try {
    return inflateRawSync(deflated, { maxOutputLength: mostInflated, finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return undefined;
  }
}
