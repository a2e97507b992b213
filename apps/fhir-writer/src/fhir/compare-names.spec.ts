import { describe, expect, it } from '@jest/globals';
import { humanName } from '@sightline/fhir';
import type { HumanName } from '@medplum/fhirtypes';
import { compareNames } from './compare-names.ts';

const compare = (recorded: HumanName | HumanName[], images: string, whole = false) =>
  compareNames([recorded].flat(), humanName(images), whole);
const quill: HumanName = { family: 'Quill', given: ['Zephyrine'] };

describe('names agree', () => {
  it.each<[string, HumanName | HumanName[], string]>([
    ['whatever the letters are', quill, 'QUILL^ZEPHYRINE'],
    ['with and without marks', { family: 'Nuñez', given: ['Zéphyrine'] }, 'Nunez^Zephyrine'],
    ['with an umlaut written as two letters', { family: 'Müller', given: ['Jörg'] }, 'Mueller^Joerg'],
    ['with an umlaut that lost its marks', { family: 'Müller', given: ['Jörg'] }, 'Muller^Jorg'],
    ['where one side has a second family name', { family: 'Quill-Smith', given: ['Zephyrine'] }, 'Smith^Zephyrine'],
    ['where one side has a second given name', { ...quill, given: ['Zephyrine', 'Ann'] }, 'Quill^Zephyrine'],
    ['where one side has an initial behind the first', { ...quill, given: ['Zephyrine', 'Ann'] }, 'Quill^Zephyrine^A'],
    ['where a family name was borne before', [quill, { use: 'maiden', family: 'Smith' }], 'Smith^Zephyrine'],
    ['with and without an apostrophe', { family: "O'Brien", given: ['Zoe'] }, 'OBrien^Zoe'],
    ['with a hyphen and a space', { family: 'Quill', given: ['Anna-Lena'] }, 'Quill^Anna Lena'],
    ['where the record has it as one text', { text: 'Zephyrine Quill' }, 'Quill^Zephyrine'],
    ['in letters of which one is a name', { family: '山', given: ['花'] }, '山^花'],
  ])('%s', (_, recorded, images) => {
    expect(compare(recorded, images)).toBe('agree');
  });
});

describe('names disagree', () => {
  it.each<[string, HumanName, string]>([
    ['with another family name', quill, 'Jones^Zephyrine'],
    ['with another given name', quill, 'Quill^Robert'],
    ['with another initial', quill, 'Quill^R'],
    ['of sisters who share their second name', { family: 'Quill', given: ['Eva', 'Maria'] }, 'Quill^Anna Maria'],
    ['of sisters who share their first name', { family: 'Quill', given: ['María', 'José'] }, 'Quill^María Fernanda'],
    ['of sisters with half a name in common', { family: 'Quill', given: ['Anna-Lena'] }, 'Quill^Anna-Sophie'],
    ['where only one of them goes by the second name', { family: 'Quill', given: ['Eva', 'Maria'] }, 'Quill^Maria'],
    ['that have only particles in common', { family: 'de la Cruz', given: ['Maria'] }, 'de la Torre^Maria'],
    ['with their components the other way round', quill, 'Zephyrine^Quill'],
    ['as one text with another given name', { text: 'Robert Quill' }, 'Quill^Zephyrine'],
  ])('%s', (_, recorded, images) => {
    expect(compare(recorded, images)).toBe('disagree');
  });
});

describe('names say nothing', () => {
  it.each<[string, HumanName | HumanName[], string]>([
    ['where the images have none', quill, '^^'],
    ['where the record has none', [], 'Quill^Zephyrine'],
    ['where the images have no given name', quill, 'Quill'],
    ['where the record has no given name', { family: 'Quill' }, 'Quill^Zephyrine'],
    ['where the family name is an initial', { ...quill, family: 'Q' }, 'Q^Zephyrine'],
    ['where the given name is an initial', quill, 'Quill^Z'],
    ['where both are placeholders', { family: 'Unknown', given: ['Unknown'] }, 'UNKNOWN^UNKNOWN'],
    ['where the given name of two newborns is the same', { family: 'Quill', given: ['Baby Boy'] }, 'Quill^Baby Boy'],
    ['where the record has a name for the time being', { ...quill, use: 'temp' }, 'Quill^Zephyrine'],
    ['where the record is anonymous', { ...quill, use: 'anonymous' }, 'Quill^Zephyrine'],
  ])('%s', (_, recorded, images) => {
    expect(compare(recorded, images)).toBe('unknown');
  });
});

describe('the names of a twin', () => {
  it('agree only as a whole', () => {
    const twin = { family: 'Quill', given: ['Mohammed', 'Ali'] };
    expect(compare(twin, 'Quill^Mohammed', true)).toBe('disagree');
    expect(compare(twin, 'Quill^Mohammed^Ali', true)).toBe('agree');
  });
});
