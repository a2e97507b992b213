import { valueOf, type DataSet } from '../data-set.ts';
import { lookupEntries, lookupHead, type LookupTable } from './lookup-table.ts';

export type Palette = [red: LookupTable, green: LookupTable, blue: LookupTable];

const colours = ['Red', 'Green', 'Blue'] as const;

/** Palette Color Lookup Tables (PS3.3 C.7.6.3.1.5), plain or segmented; undefined where one of them is missing or malformed. */
export function paletteOf(dataSet: DataSet, signed: boolean): Palette | undefined {
  const [red, green, blue] = colours.map((colour) => tableOf(dataSet, colour, signed));
  return red && green && blue && [red, green, blue];
}

function tableOf(dataSet: DataSet, colour: (typeof colours)[number], signed: boolean): LookupTable | undefined {
  const { littleEndian } = dataSet;
  const head = lookupHead(valueOf(dataSet, `${colour}PaletteColorLookupTableDescriptor`), signed, littleEndian);
  if (head === undefined) return undefined;
  const plain = valueOf(dataSet, `${colour}PaletteColorLookupTableData`);
  const segmented = valueOf(dataSet, `Segmented${colour}PaletteColorLookupTableData`);
  const entries = plain
    ? lookupEntries(plain, head.count, littleEndian)
    : segmented && expandSegments(segmented, head.count, head.bits, littleEndian);
  return entries && { first: head.first, entries, top: 2 ** head.bits - 1 };
}

/**
 * Entries of a segmented table (PS3.3 C.7.9.2): discrete values, lines from the entry before to a value, and segments said again.
 * Never more than `count`, each segment once, so that no table grows beyond what its descriptor claims.
 */
export function expandSegments(
  data: Uint8Array,
  count: number,
  bits: number,
  littleEndian: boolean,
): Uint16Array | undefined {
  const words = lookupEntries(data, bits > 8 ? data.length >>> 1 : data.length, littleEndian);
  if (words === undefined) return undefined;
  const table = new Uint16Array(count);
  const end = expandInto({ table, length: 0 }, words, 0, Infinity, bits > 8, false);
  return end === count ? table : undefined;
}

/** How many entries are filled after up to `segments` segments from word `from` on. */
function expandInto(
  filled: { table: Uint16Array; length: number },
  words: Uint16Array,
  from: number,
  segments: number,
  wide: boolean,
  again: boolean,
): number {
  const { table } = filled;
  let at = from;
  for (let done = 0; done < segments && at + 1 < words.length && filled.length < table.length; done++) {
    const [opcode = 0, length = 0] = words.subarray(at, at + 2);
    if (opcode === 0) {
      for (let i = 0; i < length && filled.length < table.length; i++) table[filled.length++] = words[at + 2 + i] ?? 0;
      at += 2 + length;
    } else if (opcode === 1) {
      const before = table[filled.length - 1] ?? 0;
      const target = words[at + 2] ?? 0;
      for (let i = 1; i <= length && filled.length < table.length; i++)
        table[filled.length++] = Math.round(before + ((target - before) * i) / length);
      at += 3;
    } else if (opcode === 2 && !again) {
      // Offset of the first segment said again: bytes, the less significant part first.
      const bytes = (words[at + 2] ?? 0) + (words[at + 3] ?? 0) * (wide ? 65_536 : 256);
      expandInto(filled, words, wide ? bytes >>> 1 : bytes, length, wide, true);
      at += 4;
    } else break;
  }
  return filled.length;
}
