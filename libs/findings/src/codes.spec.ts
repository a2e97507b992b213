import { describe, expect, it } from '@jest/globals';
import { checkedCode, codes, everyCheckedCode } from './codes.ts';

describe('the code table', () => {
  it('holds each code once', () => {
    const entries = Object.values(codes).flatMap((group) => Object.values(group));
    expect(everyCheckedCode()).toHaveLength(entries.length);
  });

  it('says where each code was checked', () => {
    for (const entry of everyCheckedCode()) {
      expect(entry.display).not.toBe('');
      expect(entry.checked).not.toBe('');
      if (entry.status === 'local') {
        expect(entry.definition).toMatch(/\.$/);
        expect(entry.system).toMatch(/^https:\/\/sightline\.dev\/fhir\/CodeSystem\//);
      }
      if (entry.status === 'single') {
        expect(entry.note).toBeDefined();
      }
    }
  });

  it('keeps SNOMED CT check digits (Verhoeff) and LOINC check digits (mod 10)', () => {
    for (const entry of everyCheckedCode()) {
      if (entry.system === 'http://snomed.info/sct') {
        expect([entry.code, verhoeffIsValid(entry.code)]).toEqual([entry.code, true]);
      }
      if (entry.system === 'http://loinc.org' && /^\d/.test(entry.code)) {
        expect([entry.code, mod10IsValid(entry.code)]).toEqual([entry.code, true]);
      }
    }
  });

  it('never offers what circulates wrongly: absent of DICOM in FHIR, cardiomegaly of DICOM, failed check digits', () => {
    for (const wrong of ['272519000', '287272002', '60567007', '129614006', '78381009', '287288009', '233607000']) {
      expect(checkedCode('http://snomed.info/sct', wrong)).toBeUndefined();
    }
  });
});

/** D5 tables of the Verhoeff scheme, as in the SNOMED CT technical implementation guide. */
function verhoeffIsValid(digits: string): boolean {
  const permute = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
  const multiply = (a: number, b: number): number =>
    a < 5 ? (b < 5 ? (a + b) % 5 : ((a + b) % 5) + 5) : b < 5 ? ((a - b + 10) % 5) + 5 : (a - b + 10) % 5;
  let check = 0;
  for (const [position, character] of [...digits].reverse().entries()) {
    let digit = Number(character);
    for (let times = 0; times < position % 8; times++) {
      digit = permute[digit] ?? 0;
    }
    check = multiply(check, digit);
  }
  return check === 0;
}

function mod10IsValid(code: string): boolean {
  const [number = '', check] = code.split('-');
  const sum = [...number].reverse().reduce((total, character, position) => {
    const doubled = Number(character) * (position % 2 === 0 ? 2 : 1);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return (10 - (sum % 10)) % 10 === Number(check);
}
