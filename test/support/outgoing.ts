import { readFileMeta, type FileMeta } from '@sightline/dicom';
import type { DicomPeer, OutgoingInstance } from '@sightline/dimse';

/** A peer on this machine, called by us as `SIGHTLINE`. */
export function peerAt(
  { port, aeTitle }: { port: number; aeTitle: string },
  changes: Partial<DicomPeer> = {},
): DicomPeer {
  return {
    host: '127.0.0.1',
    port,
    calledAeTitle: aeTitle,
    callingAeTitle: 'SIGHTLINE',
    connectTimeoutMs: 10_000,
    answerTimeoutMs: 30_000,
    ...changes,
  };
}

/** A file as it is to be sent, under the name it gives itself. */
export function outgoing(part10: Uint8Array): OutgoingInstance {
  const { mediaStorageSopClassUid = '', mediaStorageSopInstanceUid = '' } = metaOf(part10);
  return { sopClassUid: mediaStorageSopClassUid, sopInstanceUid: mediaStorageSopInstanceUid, part10 };
}

/** The bytes behind the file meta information. */
export function dataSetOf(part10: Uint8Array): Uint8Array {
  return part10.subarray(metaOf(part10).dataSetOffset);
}

export function transferSyntaxOf(part10: Uint8Array): string {
  return metaOf(part10).transferSyntaxUid;
}

function metaOf(part10: Uint8Array): FileMeta {
  const read = readFileMeta(part10);
  if (read.kind === 'invalid') throw new Error(read.reason);
  return read.meta;
}
