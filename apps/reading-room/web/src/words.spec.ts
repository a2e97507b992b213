import { describe, expect, it } from '@jest/globals';
import type { FindingView } from '../../src/study-view.ts';
import { ageAt, lastAnswer, openFindings, patientName, perCent, sayVerdict, stampOf, summary } from './words.ts';

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
      newerSinceSigned: false,
    };
    for (const state of ['refused', 'failed', 'overdue', 'received'] as const)
      expect(summary({ ...study, state })).not.toMatch(/below|negative|normal/i);
  });

  it.each([undefined, 'unreviewed', 'refused'] as const)('calls what nobody signed unverified: %s', (state) => {
    expect(stampOf(state, 'accepted')).toBe('Unverified · by AI — not for diagnostic use');
  });

  it.each(['signed', 'corrected', 'rejected', 'withdrawn'] as const)(
    'calls what is %s found by AI, for life',
    (state) => {
      expect(stampOf(state)).toMatch(/by AI/);
      expect(stampOf(state)).not.toMatch(/unverified/i);
    },
  );

  it('says a verdict with what came with it', () => {
    const concept = { system: 's', code: 'c', display: 'Atelectasis' };
    expect(sayVerdict({ verdict: 'accepted' })).toBe('Accepted');
    expect(sayVerdict({ verdict: 'corrected', concept })).toBe('Corrected to Atelectasis');
    expect(sayVerdict({ verdict: 'rejected', reason: 'Artefact' })).toBe('Rejected: Artefact');
  });

  it('counts an answer that is on its way, or that the chart does not take, and none that is out of date', () => {
    const finding = { concept: { display: 'Pneumonia' } } as FindingView;
    const onItsWay = { ...finding, pending: { verdict: 'accepted', state: 'on-its-way' } } as const;
    const notInChart = { ...finding, pending: { verdict: 'rejected', state: 'not-in-chart' } } as const;
    const outOfDate = { ...finding, pending: { verdict: 'accepted', state: 'out-of-date' } } as const;
    expect(lastAnswer({ ...onItsWay, verdict: { verdict: 'corrected' } })?.verdict).toBe('accepted');
    expect(lastAnswer({ ...notInChart, verdict: { verdict: 'accepted' } })?.verdict).toBe('rejected');
    expect(openFindings({ findings: [onItsWay, notInChart] })).toEqual([]);
    expect(openFindings({ findings: [outOfDate, finding] })).toEqual(['Pneumonia', 'Pneumonia']);
  });

  it('calls a finding that a signature rejects rejected', () => {
    expect(stampOf('signed', 'rejected')).toBe('Found by AI · rejected by a radiologist');
  });

  it.each(['rejected', 'withdrawn'] as const)('suspects nothing where the report is %s', (reviewed) => {
    const study = { studyInstanceUid: '1.2', revision: 1, patient: {}, modalities: ['DX'], receivedAt: '' };
    const leading = { display: 'Pneumonia', presence: 'present', probability: 0.9 } as const;
    const positive = { ...study, state: 'read', positive: true, newerSinceSigned: false, leading } as const;
    expect(summary(positive)).toContain('suspected');
    expect(summary({ ...positive, reviewed })).toBe(`Pneumonia ${reviewed}`);
  });
});
