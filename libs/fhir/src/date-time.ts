/**
 * A study's start as a FHIR dateTime. A value with offset is kept; a local time gets the offset that the site's zone had then;
 * a bare date stays one. Undefined where the text is no date.
 */
export function toDateTime(text: string, siteTimezone: string): string | undefined {
  const parts = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(:\d{2})?(?:\.\d+)?(Z|[+-]\d{2}:\d{2})?)?$/.exec(text);
  if (parts === null || Number.isNaN(Date.parse(`${parts[1]}T00:00:00Z`))) {
    return undefined;
  }
  const [, date, minutes, seconds = ':00', offset] = parts;
  if (minutes === undefined) {
    return date;
  }
  const local = `${date}T${minutes}${seconds}`;
  return Number.isNaN(Date.parse(`${local}Z`)) ? undefined : `${local}${offset ?? offsetAt(local, siteTimezone)}`;
}

/** Offset of `timezone` at a wall-clock time there; read twice, since the first reading takes the time for UTC. */
function offsetAt(local: string, timezone: string): string {
  const first = offsetOf(new Date(`${local}Z`), timezone);
  return offsetOf(new Date(`${local}${first}`), timezone);
}

/** By time zone: it takes longer to make one than to use it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function offsetOf(instant: Date, timeZone: string): string {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  formats.set(timeZone, format);
  const name = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value;
  return name === undefined || name === 'GMT' ? '+00:00' : name.slice(3, 9);
}
