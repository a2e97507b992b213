import { text, type Encoded } from './delimited.ts';

/** A FHIR date or dateTime as a time stamp (TS), to the second and with its offset; undefined where it is none. */
export function timeStamp(dateTime: string): Encoded | undefined {
  const parts = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(Z|[+-]\d{2}:\d{2})?)?$/.exec(dateTime);
  if (parts === null) return undefined;
  const [offset = '', ...digits] = parts.slice(1).toReversed();
  const zone = offset === 'Z' ? '+0000' : offset.replace(':', '');
  return text(digits.toReversed().join('') + zone);
}
