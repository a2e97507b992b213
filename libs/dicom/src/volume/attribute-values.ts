import { decodeText } from '../character-set.ts';
import { valueOf, type DataSet } from '../data-set.ts';
import { attributes, type Keyword } from '../tag.ts';
import type { Vector } from './vector.ts';

/** Longest text that a geometry attribute can honestly have, bytes. */
const longestText = 1_024;

/** The text of an attribute, or undefined where it is absent, empty or absurdly long. */
export function textOf(dataSet: DataSet, keyword: Keyword): string | undefined {
  const value = valueOf(dataSet, keyword);
  return value === undefined || value.length > longestText ? undefined : decodeText(value, '') || undefined;
}

/** All values of a DS or IS attribute, or undefined where one of them is no number. */
export function decimalsOf(dataSet: DataSet, keyword: Keyword): number[] | undefined {
  const numbers = textOf(dataSet, keyword)
    ?.split('\\')
    .map((value) => (value.trim() === '' ? NaN : Number(value)));
  return numbers?.every(Number.isFinite) ? numbers : undefined;
}

/** The first value of a number, whatever its value representation: DS and IS as text, FD, UL and US as bytes. */
export function numberOf(dataSet: DataSet, keyword: Keyword): number | undefined {
  const { vr } = attributes[keyword];
  if (vr === 'DS' || vr === 'IS') return decimalsOf(dataSet, keyword)?.[0];
  const value = valueOf(dataSet, keyword);
  if (value === undefined) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (vr === 'FD' && value.length >= 8) return finite(view.getFloat64(0, dataSet.littleEndian));
  if (vr === 'UL' && value.length >= 4) return view.getUint32(0, dataSet.littleEndian);
  return vr === 'US' && value.length >= 2 ? view.getUint16(0, dataSet.littleEndian) : undefined;
}

/** Three numbers as a point, or undefined. */
export function pointOf(numbers: readonly number[] | undefined): Vector | undefined {
  const [x, y, z, more] = numbers ?? [];
  if (x === undefined || y === undefined || z === undefined || more !== undefined) return undefined;
  return [x, y, z];
}

function finite(number: number): number | undefined {
  return Number.isFinite(number) ? number : undefined;
}
