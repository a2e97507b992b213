import { describe, expect, it } from '@jest/globals';
import { isoDate, patientAge } from './patient-age.ts';

describe('patientAge', () => {
  it.each([
    ['004Y', 4],
    ['018M', 1.5],
    ['052W', 52 * (7 / 365.25)],
    ['010D', 10 * (1 / 365.25)],
  ])('reads %s', (text, years) => {
    expect(patientAge({ PatientAge: text })).toEqual({ years, source: 'PatientAge' });
  });

  it('counts completed years from the birth date at the study date', () => {
    expect(patientAge({ PatientBirthDate: '20200301', StudyDate: '20240229' })?.years).toBe(3);
    expect(patientAge({ PatientBirthDate: '20200301', StudyDate: '20240301' })?.years).toBe(4);
  });

  it('falls back to the birth date where the age is malformed', () => {
    expect(patientAge({ PatientAge: '4', PatientBirthDate: '20200101', StudyDate: '20240101' })).toEqual({
      years: 4,
      source: 'PatientBirthDate',
    });
  });

  it('stays unknown rather than guessing', () => {
    expect(patientAge({})).toBeUndefined();
    expect(patientAge({ PatientAge: '4Y' })).toBeUndefined();
    expect(patientAge({ PatientBirthDate: '20250101', StudyDate: '20240101' })).toBeUndefined();
    expect(patientAge({ PatientBirthDate: '20240230', StudyDate: '20250101' })).toBeUndefined();
  });
});

describe('isoDate', () => {
  it('takes the retired form with dots and no day outside the calendar', () => {
    expect(isoDate('1999.12.31')).toBe('1999-12-31');
    expect(isoDate('20230229')).toBeUndefined();
    expect(isoDate('')).toBeUndefined();
  });
});
