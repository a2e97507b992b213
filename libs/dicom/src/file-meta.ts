import { parseDataSet, type DataSet } from './data-set.ts';
import { decodeText } from './character-set.ts';
import { parseUid, uidFromUuid, type Uid } from './uid.ts';

/** Implementation Class UID (PS3.7 D.3.3.2) of everything this product writes and of its associations. */
export const implementationClassUid = uidFromUuid('6d1f2f3e-6c57-4d0a-9c4e-0f5a5d1c7b21');
export const implementationVersionName = 'SIGHTLINE';

/** What stands before the data set of a Part 10 file (PS3.10 7.1). */
export interface FileMeta {
  transferSyntaxUid: Uid;
  mediaStorageSopClassUid?: Uid;
  mediaStorageSopInstanceUid?: Uid;
  /** Offset of the data set's first byte. */
  dataSetOffset: number;
}

const preambleLength = 128;
const start = preambleLength + 4;
const explicit = { explicitVr: true, littleEndian: true };

function uidAt(dataSet: DataSet, tag: number): Uid | undefined {
  const value = dataSet.elements.get(tag)?.value;
  return value === undefined ? undefined : parseUid(decodeText(value, ''));
}

/** Where File Meta Information Group Length (0002,0000) says the group ends; a deflated data set after it looks like anything. */
function metaEnd(bytes: Uint8Array): number {
  const first = parseDataSet(bytes.subarray(0, start + 12), explicit, { offset: start, untilTag: 0x00020001 });
  const value = first.kind === 'data-set' ? first.dataSet.elements.get(0x00020000)?.value : undefined;
  if (value?.length !== 4) return bytes.length;
  return Math.min(bytes.length, start + 12 + new DataView(value.buffer, value.byteOffset, 4).getUint32(0, true));
}

/** Reads the file meta information (group 0002) of a Part 10 file, or says why the bytes are none. */
export function readFileMeta(
  bytes: Uint8Array,
): { kind: 'meta'; meta: FileMeta } | { kind: 'invalid'; reason: string } {
  const prefix = String.fromCharCode(...bytes.subarray(preambleLength, preambleLength + 4));
  if (prefix !== 'DICM') return { kind: 'invalid', reason: 'not a DICOM Part 10 file: no DICM prefix' };
  const parsed = parseDataSet(bytes.subarray(0, metaEnd(bytes)), explicit, { offset: start, untilTag: 0x00030000 });
  if (parsed.kind === 'invalid') return { kind: 'invalid', reason: `file meta information: ${parsed.reason}` };
  const transferSyntaxUid = uidAt(parsed.dataSet, 0x00020010);
  if (transferSyntaxUid === undefined)
    return { kind: 'invalid', reason: 'file meta information has no transfer syntax' };
  const mediaStorageSopClassUid = uidAt(parsed.dataSet, 0x00020002);
  const mediaStorageSopInstanceUid = uidAt(parsed.dataSet, 0x00020003);
  return {
    kind: 'meta',
    meta: {
      transferSyntaxUid,
      ...(mediaStorageSopClassUid && { mediaStorageSopClassUid }),
      ...(mediaStorageSopInstanceUid && { mediaStorageSopInstanceUid }),
      dataSetOffset: parsed.end,
    },
  };
}

function shortElement(element: number, vr: string, text: string, padding: string): Buffer {
  const value = Buffer.from(text.length % 2 === 0 ? text : text + padding, 'latin1');
  const header = Buffer.alloc(8);
  header.writeUInt16LE(0x0002, 0);
  header.writeUInt16LE(element, 2);
  header.write(vr, 4, 'latin1');
  header.writeUInt16LE(value.length, 6);
  return Buffer.concat([header, value]);
}

/** Preamble, prefix and file meta information for a data set received over the network (PS3.10 7.1), to stand before its bytes. */
export function encodeFileMeta(meta: {
  sopClassUid: string;
  sopInstanceUid: string;
  transferSyntaxUid: string;
  sourceAeTitle?: string;
}): Uint8Array {
  const version = Buffer.from([0x02, 0x00, 0x01, 0x00, 0x4f, 0x42, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x01]);
  const elements = Buffer.concat([
    version,
    shortElement(0x0002, 'UI', meta.sopClassUid, '\0'),
    shortElement(0x0003, 'UI', meta.sopInstanceUid, '\0'),
    shortElement(0x0010, 'UI', meta.transferSyntaxUid, '\0'),
    shortElement(0x0012, 'UI', implementationClassUid, '\0'),
    shortElement(0x0013, 'SH', implementationVersionName, ' '),
    ...(meta.sourceAeTitle === undefined ? [] : [shortElement(0x0016, 'AE', meta.sourceAeTitle, ' ')]),
  ]);
  const groupLength = Buffer.from([0x02, 0x00, 0x00, 0x00, 0x55, 0x4c, 0x04, 0x00, 0, 0, 0, 0]);
  groupLength.writeUInt32LE(elements.length, 8);
  return Buffer.concat([Buffer.alloc(preambleLength), Buffer.from('DICM'), groupLength, elements]);
}
