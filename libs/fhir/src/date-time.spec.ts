import { describe, expect, it } from '@jest/globals';
import { toDateTime } from './index.ts';

describe('the start of a study as a FHIR dateTime', () => {
  it.each<[string, string | undefined, string]>([
    ['2026-01-15T08:00:00+05:30', '2026-01-15T08:00:00+05:30', 'an offset of the images is kept'],
    ['2026-01-15T08:00:00', '2026-01-15T08:00:00+01:00', 'winter in the zone of the site'],
    ['2026-07-15T08:00:00', '2026-07-15T08:00:00+02:00', 'summer in the zone of the site'],
    ['2026-03-29T01:59:00', '2026-03-29T01:59:00+01:00', 'the minute before the clocks change'],
    ['2026-01-15T08:00:00.123456', '2026-01-15T08:00:00+01:00', 'fractions are dropped'],
    ['2026-01-15T08:00', '2026-01-15T08:00:00+01:00', 'seconds are filled in'],
    ['2026-01-15', '2026-01-15', 'a bare date stays a date'],
    ['15.1.2026', undefined, 'what is no date is nothing'],
    ['2026-13-15', undefined, 'what is no date is nothing'],
  ])('%s → %s: %s', (text, expected) => {
    expect(toDateTime(text, 'Europe/Berlin')).toBe(expected);
  });

  it('gives UTC its offset too', () => {
    expect(toDateTime('2026-01-15T08:00:00', 'UTC')).toBe('2026-01-15T08:00:00+00:00');
  });
});
