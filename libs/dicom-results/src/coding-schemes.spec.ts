import { describe, expect, it } from '@jest/globals';
import { textOf } from '@sightline/dicom';
import { codes, concept, type ResultSet } from '@sightline/findings';
import fc from 'fast-check';
import { resultSetArbitrary, reviewedSetArbitrary } from '../../../test/support/result-set-arbitrary.ts';
import { codeIn, codeItem, schemesIn, schemesOf } from './coding-schemes.ts';
import { limitedText, personName, plainName } from './limited-text.ts';

describe('a code in an object', () => {
  it('is the code that was said, whatever system it is of', () => {
    fc.assert(
      fc.property(reviewedSetArbitrary(), (set) => {
        const written = schemesOf(set);
        const read = schemesIn({ CodingSchemeIdentificationSequence: written.identification });
        const corrected = set.review.verdicts.flatMap((one) => (one.verdict === 'corrected' ? [one.concept] : []));
        for (const said of [...set.findings.map((finding) => finding.concept), ...corrected])
          expect(codeIn(codeItem(said, written), read)).toEqual(said);
      }),
    );
  });

  it('is under a designator that fits, is private where the system is, and stands for one system', () => {
    fc.assert(
      fc.property(resultSetArbitrary(), (set) => {
        const { identification } = schemesOf(set);
        const designators = identification.map((item) => textOf(item, 'CodingSchemeDesignator') ?? '');
        expect(new Set(designators).size).toBe(designators.length);
        for (const designator of designators) expect(designator).toMatch(/^99[A-Z0-9_]{1,14}$/);
      }),
    );
  });

  it('of the public systems has the designator of the standard', () => {
    const { designatorOf } = schemesOf(anySet);
    const designators = [codes.snomed.lung, codes.loinc.headCt, codes.dicom.modalityCt, codes.ucum.one].map(
      ({ system }) => designatorOf(system),
    );
    expect(designators).toEqual(['SCT', 'LN', 'DCM', 'UCUM']);
  });

  it('is a Long Code Value where 16 characters do not hold it', () => {
    const schemes = schemesOf(anySet);
    const threshold = codeItem(concept(codes.local.decisionThreshold), schemes);
    expect([threshold.CodeValue, threshold.LongCodeValue]).toEqual([undefined, 'decision-threshold']);
    expect(codeItem(concept(codes.snomed.lung), schemes).CodeValue).toBe('39607008');
  });

  it('is none where a part of it is missing', () => {
    expect(codeIn({ CodeValue: '1', CodeMeaning: 'One' }, schemesOf(anySet))).toBeUndefined();
    expect(codeIn(undefined, schemesOf(anySet))).toBeUndefined();
  });
});

const [anySet] = fc.sample(resultSetArbitrary(), 1) as [ResultSet];

describe('text', () => {
  it('is cut to what its value representation holds, without separators and control characters', () => {
    expect(limitedText('LO', `a\\b\n${'ä'.repeat(80)}`)).toBe(`a b ${'ä'.repeat(60)}`);
    expect(limitedText('SH', ' Größer als sechzehn ')).toBe('Größer als sechz');
  });

  it('of a name is one component, and comes back as it was', () => {
    expect(personName('Ada^Lovelace=X')).toBe('Ada Lovelace X^');
    expect(plainName(personName('Zoë Müller'))).toBe('Zoë Müller');
  });
});
