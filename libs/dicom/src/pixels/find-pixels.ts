import { undefinedLength, longVrs } from '../encoding.ts';
import type { ElementEncoding } from '../transfer-syntax.ts';
import type { ByteSource } from './byte-source.ts';
import { unsupported, type Unsupported } from './unsupported.ts';

/** Where the pixels of an instance lie, by bytes of its source. */
export interface PixelElement {
  element: 'integer' | 'float' | 'double';
  offset: number;
  /** Undefined where the pixels are encapsulated (PS3.5 A.4). */
  length: number | undefined;
  vr: string;
  /** Extended Offset Table and Lengths (PS3.3 C.7.6.3.1.8), one number a frame. */
  extendedOffsets?: number[];
  extendedLengths?: number[];
}

/** The first element that may belong to the pixels, and those that do. */
export const firstOfPixels = 0x7fe00000;
const elements: ReadonlyMap<number, PixelElement['element']> = new Map([
  [0x7fe00008, 'float'],
  [0x7fe00009, 'double'],
  [0x7fe00010, 'integer'],
]);
const extendedOffsetTable = 0x7fe00001;
const extendedOffsetTableLengths = 0x7fe00002;

/** Numbers a table may hold; a whole slide has hundreds of thousands of frames. */
const mostTableBytes = 1 << 26;

interface ElementHead {
  tag: number;
  vr: string;
  length: number;
  /** Of the value. */
  offset: number;
}

/** Walks the elements from `offset`, that of the first one of the pixels' group, up to the pixels, reading their heads alone. */
export async function findPixels(
  source: ByteSource,
  offset: number,
  encoding: ElementEncoding,
): Promise<({ kind: 'pixels' } & PixelElement) | Unsupported> {
  const tables: Pick<PixelElement, 'extendedOffsets' | 'extendedLengths'> = {};
  for (let at = offset; ;) {
    const head = await headAt(source, at, encoding);
    if (head === undefined || head.tag >>> 16 !== firstOfPixels >>> 16) return unsupported('no pixel data');
    const element = elements.get(head.tag);
    if (element !== undefined) return withinSource(source, { ...head, element, ...tables });
    if (head.length > source.size - head.offset) return unsupported('the data set ends before its pixels');
    if (head.tag === extendedOffsetTable) tables.extendedOffsets = await numbersAt(source, head);
    if (head.tag === extendedOffsetTableLengths) tables.extendedLengths = await numbersAt(source, head);
    at = head.offset + head.length;
  }
}

function withinSource(
  source: ByteSource,
  { offset, length, ...rest }: ElementHead & Omit<PixelElement, 'length'>,
): ({ kind: 'pixels' } & PixelElement) | Unsupported {
  if (length === 0) return unsupported('no pixel data');
  if (length === undefinedLength) return { kind: 'pixels', ...rest, offset, length: undefined };
  if (length > source.size - offset) return unsupported('the data set ends inside its pixels');
  return { kind: 'pixels', ...rest, offset, length };
}

async function headAt(
  source: ByteSource,
  offset: number,
  { explicitVr, littleEndian }: ElementEncoding,
): Promise<ElementHead | undefined> {
  const bytes = await source.read(offset, 12);
  if (bytes.length < 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = view.getUint16(0, littleEndian) * 0x10000 + view.getUint16(2, littleEndian);
  if (!explicitVr) return { tag, vr: 'OW', length: view.getUint32(4, littleEndian), offset: offset + 8 };
  const vr = String.fromCharCode(view.getUint8(4), view.getUint8(5));
  if (!longVrs.has(vr)) return { tag, vr, length: view.getUint16(6, littleEndian), offset: offset + 8 };
  return bytes.length < 12 ? undefined : { tag, vr, length: view.getUint32(8, littleEndian), offset: offset + 12 };
}

async function numbersAt(source: ByteSource, { offset, length }: ElementHead): Promise<number[]> {
  const bytes = await source.read(offset, Math.min(length, mostTableBytes));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / 8) }, (_, i) => Number(view.getBigUint64(i * 8, true)));
}
