import { describe, expect, it } from '@jest/globals';
import { ageAt, patientName, perCent, summary } from './words.ts';

describe('the words of the page', () => {
  it('speaks a DICOM name as Family, Given Middle and leaves other scripts and suffixes out', () => {
    expect(patientName('Okafor^Ada^Maria^Dr=別^名')).toBe('Okafor, Ada Maria');
    expect(patientName('Okafor')).toBe('Okafor');
    expect(patientName(undefined)).toBe('Name not given');
  });

  it.each([
    ['2024-03-01', '2024-03-29', '28 d'],
    ['2024-03-15', '2025-03-14', '11 mo'],
    ['2020-03-15', '2024-03-14', '3 y'],
    ['2020-03-15', '2024-03-15', '4 y'],
    [undefined, '2024-03-15', undefined],
    ['2025-01-01', '2024-03-15', undefined],
  ])('a child born %s is on %s %s old', (born, on, age) => {
    expect(ageAt(born, on)).toBe(age);
  });

  it('never says 0 % or 100 % of a probability that is neither', () => {
    expect([perCent(0.0004), perCent(0.4), perCent(0.9996), perCent(1)]).toEqual(['<1 %', '40 %', '>99 %', '100 %']);
  });

  it('never calls a refused, failed or overdue study negative', () => {
    const study = {
      studyInstanceUid: '1.2',
      revision: 1,
      patient: {},
      modalities: ['DX'],
      receivedAt: '',
      positive: false,
    };
    for (const state of ['refused', 'failed', 'overdue', 'received'] as const)
      expect(summary({ ...study, state })).not.toMatch(/below|negative|normal/i);
  });
});
