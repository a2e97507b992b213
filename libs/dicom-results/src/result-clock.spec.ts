import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { resultCases, type ResultCase } from '../../../test/support/dicom-results.ts';
import { dicomInstant, isoInstant, offsetOf } from './result-clock.ts';

let result: ResultCase;

beforeAll(async () => {
  result = await resultCases['a radiograph']();
});

describe('times', () => {
  it('are those on the clock of the offset, across midnight and either way', () => {
    expect(dicomInstant('2026-11-28T23:30:00Z', '+0530')).toEqual({
      date: '20261129',
      time: '050000.000',
      dateTime: '20261129050000.000+0530',
    });
    expect(dicomInstant('2026-11-28T00:30:00.120Z', '-0100')).toMatchObject({ date: '20261127', time: '233000.120' });
    expect(dicomInstant('2026-11-28T01:30:00+01:00', '+0000')).toMatchObject({ date: '20261128', time: '003000.000' });
  });

  it('name the same instant when read back, in whatever zone', () => {
    const offsets = fc.constantFrom('+0000', '+0100', '-0330', '+1245', '-1100');
    const instants = fc.date({ min: new Date('1990-01-01'), max: new Date('2090-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(instants, offsets, (instant, offset) => {
        expect(isoInstant(dicomInstant(instant.toISOString(), offset).dateTime)).toBe(instant.toISOString());
      }),
    );
  });

  it('without an offset, or of no day there is, name no instant', () => {
    for (const text of ['', '20261128', '20261128112030', '20261328112030+0100'])
      expect(isoInstant(text)).toBeUndefined();
  });

  it("are in the zone of the study's own times: as resolved, else as the image states, else UTC", () => {
    const { set, sources } = result;
    const [source] = sources;
    if (source === undefined) throw new Error('no source');
    const { startedAt: _startedAt, ...study } = set.study;
    expect(offsetOf(set, source)).toBe('+0100');
    const silent = { ...set, study };
    const stating = (TimezoneOffsetFromUTC: string) => ({ ...source, dataset: { TimezoneOffsetFromUTC } });
    expect(offsetOf(silent, stating('-0500'))).toBe('-0500');
    expect(offsetOf(silent, stating('late'))).toBe('+0000');
    expect(offsetOf({ ...set, study: { ...study, startedAt: '2024-09-17' } }, stating(''))).toBe('+0000');
  });
});
