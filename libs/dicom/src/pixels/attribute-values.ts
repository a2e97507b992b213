import { decodeText } from '../character-set.ts';
import { firstItemOf, valueOf, type DataSet } from '../data-set.ts';
import type { Keyword } from '../tag.ts';

/** Text of a string attribute; longer ones than these attributes ever are say nothing. */
export function textOf(dataSet: DataSet, keyword: Keyword): string | undefined {
  const value = valueOf(dataSet, keyword);
  return value === undefined ? undefined : decodeText(value.subarray(0, 256), '') || undefined;
}

/** Values of a DS attribute; none where one of them is no number. */
export function decimalsOf(dataSet: DataSet, keyword: Keyword): number[] {
  const numbers = (textOf(dataSet, keyword) ?? '').split('\\').filter(Boolean).map(Number);
  return numbers.every(Number.isFinite) ? numbers : [];
}

/** What stands about one frame: its own functional groups, those all frames share, and the data set itself (PS3.3 C.7.6.16). */
export interface FrameAttributes {
  dataSet: DataSet;
  shared: DataSet | undefined;
  own: DataSet | undefined;
}

export function frameAttributes(dataSet: DataSet, frame: number): FrameAttributes {
  const perFrame = dataSet.elements.get(perFrameGroups)?.items;
  return { dataSet, shared: firstItemOf(dataSet, 'SharedFunctionalGroupsSequence'), own: perFrame?.[frame] };
}

const perFrameGroups = 0x52009230;

/** Where attributes of a functional group stand: the frame's item of it, else the shared one, else the data set. */
export function groupOf({ dataSet, shared, own }: FrameAttributes, sequence: Keyword): DataSet {
  return (own && firstItemOf(own, sequence)) ?? (shared && firstItemOf(shared, sequence)) ?? dataSet;
}
