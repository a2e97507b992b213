import { longVrs } from './encoding.ts';
import { encodeFileMeta } from './file-meta.ts';
import { attributes, type Keyword } from './tag.ts';
import { explicitVrLittleEndian, implicitVrLittleEndian } from './transfer-syntax.ts';

/** Text for textual VRs, numbers for binary ones (AT: the tag), bytes for those of OB, OF and OW, items for SQ. */
export type WritableValue = string | number | readonly number[] | Uint8Array | readonly WritableDataset[];
export type WritableDataset = Partial<Record<Keyword, WritableValue>>;

/** Pieces of an encoding in their order: pixels are copied once, when the pieces are joined. */
type Pieces = Buffer[];

function lengthOf(pieces: Pieces): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

function valuePieces(value: WritableValue, vr: string, explicitVr: boolean): Pieces {
  if (typeof value === 'number') return [numberBytes(value, vr)];
  if (typeof value === 'string') return even(Buffer.from(value), vr);
  if (value instanceof Uint8Array) return even(Buffer.from(value.buffer, value.byteOffset, value.byteLength), vr);
  return value.flatMap((entry) =>
    typeof entry === 'number' ? [numberBytes(entry, vr)] : itemPieces(entry, explicitVr),
  );
}

/** PS3.5 6.2: text is padded with a space, UIDs and bytes with a zero. */
function even(bytes: Buffer, vr: string): Pieces {
  const padding = vr === 'UI' || vr.startsWith('O') ? '\0' : ' ';
  return bytes.length % 2 === 0 ? [bytes] : [bytes, Buffer.from(padding)];
}

function numberBytes(value: number, vr: string): Buffer {
  const bytes = Buffer.alloc(numberLengths[vr] ?? 2);
  if (vr === 'FD') bytes.writeDoubleLE(value);
  else if (vr === 'UL') bytes.writeUInt32LE(value);
  else if (vr === 'AT') bytes.writeUInt32LE(((value << 16) | (value >>> 16)) >>> 0);
  else bytes.writeUInt16LE(value & 0xffff);
  return bytes;
}

const numberLengths: Readonly<Record<string, number>> = { FD: 8, UL: 4, AT: 4 };

function itemPieces(dataset: WritableDataset, explicitVr: boolean): Pieces {
  const content = dataSetPieces(dataset, explicitVr);
  const header = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
  header.writeUInt32LE(lengthOf(content), 4);
  return [header, ...content];
}

function elementPieces(keyword: Keyword, value: WritableValue, explicitVr: boolean): Pieces {
  const { tag, vr } = attributes[keyword];
  const content = valuePieces(value, vr, explicitVr);
  const long = explicitVr && longVrs.has(vr);
  const header = Buffer.alloc(long ? 12 : 8);
  header.writeUInt16LE(tag >>> 16, 0);
  header.writeUInt16LE(tag & 0xffff, 2);
  if (explicitVr) header.write(vr, 4, 'latin1');
  if (explicitVr && !long) header.writeUInt16LE(lengthOf(content), 6);
  else header.writeUInt32LE(lengthOf(content), header.length - 4);
  return [header, ...content];
}

function dataSetPieces(dataset: WritableDataset, explicitVr: boolean): Pieces {
  const keywords = (Object.keys(dataset) as Keyword[]).toSorted((a, b) => attributes[a].tag - attributes[b].tag);
  return keywords.flatMap((keyword) => {
    const value = dataset[keyword];
    return value === undefined ? [] : elementPieces(keyword, value, explicitVr);
  });
}

/** Elements in ascending order of tag, little endian (PS3.5 7.1). Text is written as UTF-8: name ISO_IR 192 where it is not ASCII. */
export function encodeDataSet(dataset: WritableDataset, { explicitVr = true } = {}): Buffer {
  return Buffer.concat(dataSetPieces(dataset, explicitVr));
}

function textOr(value: WritableValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** A Part 10 file of the attributes the mesh knows; SOPClassUID and SOPInstanceUID are repeated in its file meta information. */
export function encodePart10(dataset: WritableDataset, { explicitVr = true } = {}): Buffer {
  const meta = encodeFileMeta({
    sopClassUid: textOr(dataset.SOPClassUID),
    sopInstanceUid: textOr(dataset.SOPInstanceUID),
    transferSyntaxUid: explicitVr ? explicitVrLittleEndian : implicitVrLittleEndian,
  });
  return Buffer.concat([meta, ...dataSetPieces(dataset, explicitVr)]);
}
