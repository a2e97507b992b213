import { decodeText } from './character-set.ts';
import { parseDataSet, type DataSet, type Element } from './data-set.ts';
import { readFileMeta } from './file-meta.ts';
import type { Inflate } from './header.ts';
import { attributes, type Keyword } from './tag.ts';
import { deflatedExplicitVrLittleEndian, elementEncoding } from './transfer-syntax.ts';
import type { WritableDataset, WritableValue } from './write-data-set.ts';

export type ReadDataset = { kind: 'dataset'; dataset: WritableDataset } | { kind: 'invalid'; reason: string };

const keywordByTag: ReadonlyMap<number, Keyword> = new Map(
  (Object.keys(attributes) as Keyword[]).map((keyword) => [attributes[keyword].tag, keyword]),
);

/**
 * A Part 10 file as `encodePart10` takes it: every attribute of the table up to `untilTag`, sequences with their items, text decoded.
 * What the table does not name is left out. Never throws: malformed input gives a reason that holds no patient data.
 */
export function readDataset(
  part10: Uint8Array,
  { untilTag = Infinity, inflate }: { untilTag?: number; inflate?: Inflate } = {},
): ReadDataset {
  const read = readFileMeta(part10);
  if (read.kind === 'invalid') return read;
  const { transferSyntaxUid, dataSetOffset } = read.meta;
  const deflated = transferSyntaxUid === deflatedExplicitVrLittleEndian;
  const bytes = deflated ? inflate?.(part10.subarray(dataSetOffset)) : part10.subarray(dataSetOffset);
  if (bytes === undefined) return { kind: 'invalid', reason: 'the deflated data set is not read' };
  const parsed = parseDataSet(bytes, elementEncoding(transferSyntaxUid), { untilTag });
  return parsed.kind === 'invalid' ? parsed : { kind: 'dataset', dataset: decoded(parsed.dataSet, '') };
}

/** Items speak the character set of what they stand in, unless they name their own (PS3.5 6.1.2.4). */
function decoded(dataSet: DataSet, outerCharacterSet: string): WritableDataset {
  const named = dataSet.elements.get(attributes.SpecificCharacterSet.tag);
  const characterSet = named === undefined ? outerCharacterSet : decodeText(named.value, '');
  const dataset: WritableDataset = {};
  for (const element of dataSet.elements.values()) {
    const keyword = keywordByTag.get(element.tag);
    const value = keyword && valueOf(element, attributes[keyword].vr, characterSet, dataSet.littleEndian);
    if (keyword !== undefined && value !== undefined) dataset[keyword] = value;
  }
  return dataset;
}

function valueOf(
  { value, items }: Element,
  vr: string,
  characterSet: string,
  littleEndian: boolean,
): WritableValue | undefined {
  if (vr === 'SQ') return items?.map((entry) => decoded(entry, characterSet));
  if (vr.startsWith('O')) return value;
  const width = numberWidths[vr];
  if (width === undefined) return decodeText(value, characterSet);
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const numbers = Array.from({ length: Math.floor(value.length / width) }, (_, i) =>
    numberAt(view, i * width, vr, littleEndian),
  );
  return numbers.length === 1 ? numbers[0] : numbers;
}

const numberWidths: Readonly<Record<string, number>> = { US: 2, UL: 4, AT: 4, FD: 8 };

function numberAt(view: DataView, at: number, vr: string, littleEndian: boolean): number {
  if (vr === 'FD') return view.getFloat64(at, littleEndian);
  if (vr === 'UL') return view.getUint32(at, littleEndian);
  if (vr === 'AT') return view.getUint16(at, littleEndian) * 0x10000 + view.getUint16(at + 2, littleEndian);
  return view.getUint16(at, littleEndian);
}

/** Text of an attribute; undefined where it is absent or empty. */
export function textOf(dataset: WritableDataset | undefined, keyword: Keyword): string | undefined {
  const value = dataset?.[keyword];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The first number of a binary attribute, or undefined. */
export function numberOf(dataset: WritableDataset | undefined, keyword: Keyword): number | undefined {
  const value = dataset?.[keyword];
  const first = Array.isArray(value) ? value[0] : value;
  return typeof first === 'number' ? first : undefined;
}

/** Items of a sequence; none where it is absent. */
export function itemsOf(dataset: WritableDataset | undefined, keyword: Keyword): readonly WritableDataset[] {
  const value = dataset?.[keyword];
  if (value === undefined || typeof value !== 'object' || value instanceof Uint8Array) return [];
  return value.filter((entry): entry is WritableDataset => typeof entry === 'object');
}
