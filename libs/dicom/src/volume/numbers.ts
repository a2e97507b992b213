import { valueOf, type DataSet } from '../data-set.ts';
import { decimalsOf } from '../pixels/attribute-values.ts';
import { attributes, type Keyword } from '../tag.ts';
import type { Vector } from './vector.ts';

/** The first value of a number, whatever its value representation: DS and IS as text, FD, UL and US as bytes. */
export function numberOf(dataSet: DataSet, keyword: Keyword): number | undefined {
  const { vr } = attributes[keyword];
  if (vr === 'DS' || vr === 'IS') return decimalsOf(dataSet, keyword)[0];
  const value = valueOf(dataSet, keyword);
  if (value === undefined) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (vr === 'FD' && value.length >= 8) return finite(view.getFloat64(0, dataSet.littleEndian));
  if (vr === 'UL' && value.length >= 4) return view.getUint32(0, dataSet.littleEndian);
  return vr === 'US' && value.length >= 2 ? view.getUint16(0, dataSet.littleEndian) : undefined;
}

/** Three numbers as a point, or undefined. */
export function pointOf(numbers: readonly number[]): Vector | undefined {
  const [x, y, z, more] = numbers;
  if (x === undefined || y === undefined || z === undefined || more !== undefined) return undefined;
  return [x, y, z];
}

function finite(number: number): number | undefined {
  return Number.isFinite(number) ? number : undefined;
}
