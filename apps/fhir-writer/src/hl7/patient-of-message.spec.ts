import { describe, expect, it } from '@jest/globals';
import { patientOfMessage } from './patient-of-message.ts';

describe('a record in PID', () => {
  it('is known by every identifier that is still in use, with the authority its system stands for', () => {
    expect(
      patientOfMessage({
        resourceType: 'Patient',
        identifier: [
          { system: 'urn:oid:1.2.3', value: 'A', type: { coding: [{ code: 'MR' }] } },
          { use: 'old', system: 'urn:oid:1.2.3', value: 'B' },
          { system: 'https://ids.example.org', value: 'C' },
          { value: 'D' },
          { system: 'urn:oid:1.2.4' },
        ],
        name: [{ family: 'Old' }, { use: 'official', family: 'Quill', given: ['Zephyrine', 'A.'] }],
        birthDate: '2022-05-06',
        gender: 'female',
      }),
    ).toMatchObject({
      identifiers: [
        { value: 'A', type: 'MR', authority: { universalId: '1.2.3', universalIdType: 'ISO' } },
        { value: 'C', authority: { universalId: 'https://ids.example.org', universalIdType: 'URI' } },
        { value: 'D' },
      ],
      name: { family: 'Quill', given: ['Zephyrine', 'A.'] },
      birthDate: '2022-05-06',
      sex: 'F',
    });
  });

  it('without an identifier is nobody a receiver could find', () => {
    expect(patientOfMessage({ resourceType: 'Patient', name: [{ family: 'Quill' }] })).toBeUndefined();
  });
});
