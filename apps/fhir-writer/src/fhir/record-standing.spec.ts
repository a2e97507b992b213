import { describe, expect, it } from '@jest/globals';
import type { Patient } from '@medplum/fhirtypes';
import { carriesNow, standingOf } from './record-standing.ts';

const base = 'https://ehr.example.org/fhir';
const replacedBy = (...references: (string | undefined)[]): Patient => ({
  resourceType: 'Patient',
  id: 'a',
  link: references.map((reference) => ({
    type: 'replaced-by',
    other: reference === undefined ? { display: 'somebody' } : { reference },
  })),
});

describe('a record', () => {
  it('stands for its patient unless it says otherwise', () => {
    expect(standingOf({ resourceType: 'Patient', id: 'a' }, base)).toEqual({ kind: 'current' });
    expect(standingOf({ resourceType: 'Patient', id: 'a', active: false }, base)).toEqual({ kind: 'not-current' });
    const other: Patient['link'] = [{ type: 'replaces', other: { reference: 'Patient/b' } }];
    expect(standingOf({ resourceType: 'Patient', id: 'a', link: other }, base)).toEqual({ kind: 'current' });
  });

  it.each(['Patient/b', `${base}/Patient/b`, 'Patient/b/_history/3'])('is replaced by %s', (reference) => {
    expect(standingOf(replacedBy(reference), base)).toEqual({ kind: 'replaced', by: 'Patient/b' });
  });

  it.each([
    ['two others', replacedBy('Patient/b', 'Patient/c')],
    ['one of another server', replacedBy('https://other.example.org/fhir/Patient/b')],
    ['one that cannot be followed', replacedBy(undefined)],
    ['a relative', replacedBy('RelatedPerson/b')],
  ])('that is replaced by %s stands for nobody', (_, record) => {
    expect(standingOf(record, base)).toEqual({ kind: 'not-current' });
  });
});

describe('an identifier', () => {
  const wanted = { system: 'urn:s', value: '1' };
  const bearing = (more: object): Patient => ({ resourceType: 'Patient', identifier: [{ ...wanted, ...more }] });
  const now = Date.parse('2026-06-01T00:00:00Z');

  it.each([{}, { use: 'official' }, { period: { end: '2026-07-01' } }])('is borne now with %j', (more) => {
    expect(carriesNow(bearing(more), wanted, now)).toBe(true);
  });

  it.each([{ use: 'old' }, { period: { end: '2026-05-01' } }, { system: 'urn:t' }, { value: '01' }])(
    'is not borne now with %j',
    (more) => {
      expect(carriesNow(bearing(more), wanted, now)).toBe(false);
    },
  );
});
