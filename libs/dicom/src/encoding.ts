/** Words of a data set's encoding that whoever reads or writes elements needs (PS3.5 7.1 and 7.5). */

export const undefinedLength = 0xffffffff;
export const item = 0xfffee000;
export const itemDelimitation = 0xfffee00d;
export const sequenceDelimitation = 0xfffee0dd;

/** VRs whose length takes four bytes after two reserved ones (PS3.5 7.1.2). */
export const longVrs: ReadonlySet<string> = new Set([
  'OB',
  'OD',
  'OF',
  'OL',
  'OV',
  'OW',
  'SQ',
  'SV',
  'UC',
  'UN',
  'UR',
  'UT',
  'UV',
]);
