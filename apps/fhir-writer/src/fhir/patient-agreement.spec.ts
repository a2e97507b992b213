import { describe, expect, it } from '@jest/globals';
import type { Patient } from '@medplum/fhirtypes';
import { disagreement } from './patient-agreement.ts';

const record: Patient = {
  resourceType: 'Patient',
  birthDate: '2022-05-06',
  gender: 'female',
  name: [
    { family: 'Müller-Quill', given: ['Zéphyrine', 'Ann'] },
    { use: 'old', family: 'Smith', given: ['Zephyrine'] },
  ],
};
const images = { name: 'Quill^Zephyrine', birthDate: '2022-05-06', sex: 'F' } as const;

describe('a record with the right identifier', () => {
  it.each([
    ['the same in other letters', 'QUILL^ZEPHYRINE'],
    ['one of two family names', 'MUELLER QUILL^Zephyrine'],
    ['a name borne before', 'Smith^Zephyrine'],
  ])('agrees with %s', (_, name) => {
    expect(disagreement(record, { ...images, name }, false)).toBeUndefined();
  });

  it.each([
    ['another family name', { ...images, name: 'Jones^Zephyrine' }, 'name-disagrees'],
    ['another given name', { ...images, name: 'Quill^Robert' }, 'name-disagrees'],
    ['another birth date', { ...images, birthDate: '2022-05-07' }, 'birth-date-disagrees'],
    ['another sex', { ...images, sex: 'M' as const }, 'sex-disagrees'],
    ['no birth date in the images', { name: images.name, sex: images.sex }, 'demographics-missing'],
    ['a name that is an initial', { ...images, name: 'Quill^Z' }, 'demographics-missing'],
    ['no given name', { ...images, name: 'Quill' }, 'demographics-missing'],
    ['no name', { birthDate: images.birthDate, sex: images.sex }, 'demographics-missing'],
    ['no sex in the images', { name: images.name, birthDate: images.birthDate }, 'demographics-missing'],
  ])('does not agree with %s', (_, other, reason) => {
    expect(disagreement(record, other, false)).toBe(reason);
  });

  it.each<[string, Partial<Patient>]>([
    ['birth date', { birthDate: '1900-01-01' }],
    ['sex', { gender: 'unknown' }],
    ['name', { name: [{ family: 'Unknown' }] }],
  ])('that has a placeholder for its %s agrees with nobody', (_, more) => {
    const { birthDate = images.birthDate } = more;
    expect(disagreement({ ...record, ...more }, { ...images, birthDate }, false)).toBe('demographics-missing');
  });

  it('of a twin agrees only where the given names are the same as a whole', () => {
    const twin: Patient = { ...record, name: [{ family: 'Quill', given: ['Zephyrine', 'Ann'] }] };
    expect(disagreement({ ...twin, multipleBirthInteger: 2 }, images, false)).toBe('name-disagrees');
    expect(disagreement({ ...twin, multipleBirthBoolean: false }, images, false)).toBeUndefined();
  });

  it('with two blanks agrees only where records are made from images', () => {
    const blank: Patient = { resourceType: 'Patient' };
    expect(disagreement(blank, {}, true)).toBeUndefined();
    expect(disagreement(blank, {}, false)).toBe('demographics-missing');
    expect(disagreement(record, {}, true)).toBe('birth-date-disagrees');
  });
});
