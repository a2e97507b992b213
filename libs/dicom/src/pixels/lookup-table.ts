import { integerOf, valueOf, type DataSet } from '../data-set.ts';
import { attributes } from '../tag.ts';

/** A lookup table (PS3.3 C.11.1.1, C.11.2.1.1): entries, the input the first one stands for, and the largest value of an entry. */
export interface LookupTable {
  first: number;
  entries: Uint16Array;
  top: number;
}

/** Three numbers of a LUT Descriptor: entries (0 stands for 65,536), first input, bits of an entry. */
export interface LookupHead {
  count: number;
  first: number;
  bits: number;
}

export function lookupHead(
  descriptor: Uint8Array | undefined,
  signed: boolean,
  littleEndian: boolean,
): LookupHead | undefined {
  if (descriptor === undefined || descriptor.length < 6) return undefined;
  const view = new DataView(descriptor.buffer, descriptor.byteOffset, descriptor.byteLength);
  const first = signed ? view.getInt16(2, littleEndian) : view.getUint16(2, littleEndian);
  const bits = view.getUint16(4, littleEndian);
  if (bits < 1 || bits > 16) return undefined;
  return { count: view.getUint16(0, littleEndian) || 65_536, first, bits };
}

/** Entries of a Modality or VOI LUT item. `signed`: its input can be negative, as an implicit VR does not say. */
export function lookupTableOf(item: DataSet, signed: boolean): LookupTable | undefined {
  const vr = item.elements.get(attributes.LUTDescriptor.tag)?.vr;
  const { littleEndian } = item;
  const head = lookupHead(valueOf(item, 'LUTDescriptor'), vr === 'SS' || signed, littleEndian);
  const data = valueOf(item, 'LUTData');
  if (head === undefined || data === undefined) return undefined;
  const entries = lookupEntries(data, head.count, littleEndian);
  return entries && { first: head.first, entries, top: 2 ** head.bits - 1 };
}

/** Entries of 16 bits, or of 8 where the data is only as long as that. */
export function lookupEntries(data: Uint8Array, count: number, littleEndian: boolean): Uint16Array | undefined {
  if (data.length < count) return undefined;
  if (data.length < count * 2) return Uint16Array.from(data.subarray(0, count));
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const entries = new Uint16Array(count);
  for (let i = 0; i < count; i++) entries[i] = view.getUint16(i * 2, littleEndian);
  return entries;
}

/** Inputs before the first entry have its value, those after the last one that one's. */
export function lookUp({ first, entries }: LookupTable, value: number): number {
  const at = Math.min(entries.length - 1, Math.max(0, Math.round(value) - first));
  return entries[at] ?? 0;
}

/** Which stored values stand for no picture: Pixel Padding Value (0028,0120) up to Pixel Padding Range Limit (0028,0121). */
export function paddingOf(dataSet: DataSet, signed: boolean): (stored: number) => boolean {
  const value = integerOf(dataSet, 'PixelPaddingValue', signed);
  if (value === undefined) return () => false;
  const limit = integerOf(dataSet, 'PixelPaddingRangeLimit', signed) ?? value;
  const low = Math.min(value, limit);
  const high = Math.max(value, limit);
  return (stored) => stored >= low && stored <= high;
}
