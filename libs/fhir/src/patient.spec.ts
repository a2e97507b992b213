import { describe, expect, it } from '@jest/globals';
import { humanName, patientFromImages } from './index.ts';

describe('the patient of the images', () => {
  it('keeps the components of a DICOM person name', () => {
    expect(humanName('Doe^Jane Ann^B^Dr^PhD')).toEqual({
      family: 'Doe',
      given: ['Jane', 'Ann', 'B'],
      prefix: ['Dr'],
      suffix: ['PhD'],
    });
    expect(humanName('Yamada^Tarou=山田^太郎')).toEqual({ family: 'Yamada', given: ['Tarou'] });
  });

  it('has no name where the images give none', () => {
    expect(humanName('^^^^')).toBeUndefined();
    expect(humanName(undefined)).toBeUndefined();
  });

  it('is made of what the images say and nothing else', () => {
    expect(patientFromImages({ system: 'urn:s', value: '1' }, { sex: 'F' })).toEqual({
      resourceType: 'Patient',
      active: true,
      identifier: [expect.objectContaining({ system: 'urn:s', value: '1' })],
      gender: 'female',
    });
  });
});
