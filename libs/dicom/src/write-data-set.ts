import { longVrs } from './encoding.ts';
import { encodeFileMeta } from './file-meta.ts';
import { attributes, type Keyword } from './tag.ts';
import { explicitVrLittleEndian, implicitVrLittleEndian } from './transfer-syntax.ts';

/** Text for textual VRs, numbers for binary ones (AT: the tag), bytes for those of OB, OF and OW, items for SQ. */
export type WritableValue = string | number | readonly number[] | Uint8Array | readonly WritableDataset[];
export type WritableDataset = Partial<Record<Keyword, WritableValue>>;

function valueBytes(value: WritableValue, vr: string, explicitVr: boolean): Buffer {
  if (typeof value === 'number') return numberBytes(value, vr);
  if (typeof value === 'string') return even(Buffer.from(value), vr);
  if (value instanceof Uint8Array) return even(Buffer.from(value), vr);
  return Buffer.concat(
    value.map((entry) => (typeof entry === 'number' ? numberBytes(entry, vr) : itemBytes(entry, explicitVr))),
  );
}

/** PS3.5 6.2: text is padded with a space, UIDs and bytes with a zero. */
function even(bytes: Buffer, vr: string): Buffer {
  const padding = vr === 'UI' || vr.startsWith('O') ? '\0' : ' ';
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from(padding)]);
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

function itemBytes(dataset: WritableDataset, explicitVr: boolean): Buffer {
  const content = encodeDataSet(dataset, { explicitVr });
  const header = Buffer.from([0xfe, 0xff, 0x00, 0xe0, 0, 0, 0, 0]);
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, content]);
}

function elementBytes(keyword: Keyword, value: WritableValue, explicitVr: boolean): Buffer {
  const { tag, vr } = attributes[keyword];
  const bytes = valueBytes(value, vr, explicitVr);
  const long = explicitVr && longVrs.has(vr);
  const header = Buffer.alloc(long ? 12 : 8);
  header.writeUInt16LE(tag >>> 16, 0);
  header.writeUInt16LE(tag & 0xffff, 2);
  if (explicitVr) header.write(vr, 4, 'latin1');
  if (explicitVr && !long) header.writeUInt16LE(bytes.length, 6);
  else header.writeUInt32LE(bytes.length, header.length - 4);
  return Buffer.concat([header, bytes]);
}

/** Elements in ascending order of tag, little endian (PS3.5 7.1). Text is written as UTF-8: name ISO_IR 192 where it is not ASCII. */
export function encodeDataSet(dataset: WritableDataset, { explicitVr = true } = {}): Buffer {
  const keywords = (Object.keys(dataset) as Keyword[]).toSorted((a, b) => attributes[a].tag - attributes[b].tag);
  return Buffer.concat(
    keywords.flatMap((keyword) => {
      const value = dataset[keyword];
      return value === undefined ? [] : [elementBytes(keyword, value, explicitVr)];
    }),
  );
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
  return Buffer.concat([meta, encodeDataSet(dataset, { explicitVr })]);
}
