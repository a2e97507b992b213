import type { ResultSet } from '@sightline/findings';
import { textOf } from '@sightline/dicom';
import type { SourceInstance } from './source-instance.ts';

/** An instant in the words of DICOM, in the zone that the object states (0008,0201). */
export interface DicomInstant {
  /** DA */
  date: string;
  /** TM, to the millisecond. */
  time: string;
  /** DT with its offset. */
  dateTime: string;
}

/**
 * The offset from UTC, as (0008,0201) has it, of the times in an object: that of the study's own times, which stand beside them.
 */
export function offsetOf({ study }: ResultSet, source: SourceInstance): string {
  const [, sign, hours, minutes] = /T.*([+-])(\d{2}):(\d{2})$/.exec(study.startedAt ?? '') ?? [];
  if (sign !== undefined) return `${sign}${hours}${minutes}`;
  const stated = textOf(source.dataset, 'TimezoneOffsetFromUTC');
  return stated !== undefined && /^[+-]\d{4}$/.test(stated) ? stated : '+0000';
}

/** An ISO 8601 instant with offset, as seen on a clock with the offset `+hhmm`. */
export function dicomInstant(instant: string, offset: string): DicomInstant {
  const minutes = Number(`${offset[0]}1`) * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3)));
  const digits = new Date(Date.parse(instant) + minutes * 60_000).toISOString().replaceAll(/[-:TZ]/g, '');
  const [date, time] = [digits.slice(0, 8), digits.slice(8)];
  return { date, time, dateTime: `${date}${time}${offset}` };
}

/** A DT with offset as an ISO 8601 instant in UTC, or undefined where it is none. */
export function isoInstant(dateTime: string): string | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2}(?:\.\d{1,6})?)([+-]\d{2})(\d{2})$/.exec(dateTime);
  if (match === null) return undefined;
  const [, year, month, day, hours, minutes, seconds, zoneHours, zoneMinutes] = match;
  const time = Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}${zoneHours}:${zoneMinutes}`);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
