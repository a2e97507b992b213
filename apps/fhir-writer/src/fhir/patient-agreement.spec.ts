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
    ['an initial', 'Quill^Z'],
    ['no given name at all', 'Quill'],
    ['no name at all', undefined],
  ])('agrees with %s', (_, name) => {
    const { name: _name, ...rest } = images;
    expect(disagreement(record, name === undefined ? rest : { ...rest, name }, false)).toBeUndefined();
  });

  it.each([
    ['another family name', { ...images, name: 'Jones^Zephyrine' }, 'name-disagrees'],
    ['another given name', { ...images, name: 'Quill^Robert' }, 'name-disagrees'],
    ['another birth date', { ...images, birthDate: '2022-05-07' }, 'birth-date-disagrees'],
    ['another sex', { ...images, sex: 'M' as const }, 'sex-disagrees'],
    ['no birth date in the images', { name: images.name, sex: images.sex }, 'demographics-missing'],
    ['no sex in the images', { name: images.name, birthDate: images.birthDate }, 'demographics-missing'],
  ])('does not agree with %s', (_, other, reason) => {
    expect(disagreement(record, other, false)).toBe(reason);
  });

  it('with two blanks agrees only where records are made from images', () => {
    const blank: Patient = { resourceType: 'Patient' };
    expect(disagreement(blank, {}, true)).toBeUndefined();
    expect(disagreement(blank, {}, false)).toBe('demographics-missing');
    expect(disagreement(record, {}, true)).toBe('birth-date-disagrees');
  });
});
