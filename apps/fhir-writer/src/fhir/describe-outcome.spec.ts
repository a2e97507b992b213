import { describe, expect, it } from '@jest/globals';
import { describeOutcome } from './describe-outcome.ts';

const outcome = (diagnostics: string, more = {}) => ({
  resourceType: 'OperationOutcome',
  issue: [{ severity: 'error', code: 'processing', diagnostics, ...more }],
});

describe('why a FHIR server refused', () => {
  it('keeps the code, the place and the number of the error', () => {
    expect(describeOutcome(outcome('HAPI-0931: Invalid reference', { expression: ['Observation.subject'] }), [])).toBe(
      'processing at Observation.subject HAPI-0931: Invalid reference',
    );
  });

  it('drops what is quoted, numbers, and every word of the patient however it is written', () => {
    const secrets = ['Quill^Zephyrine', 'X-17', '2022-05-06', 'Ai'];
    const told = describeOutcome(
      outcome(`Patient "P 4711" QUILL, zephyrine (X-17, MRN 44556677, 2022-05-06) or Ai is not available`),
      secrets,
    );
    expect(told).toBe('processing Patient … …, … (…, MRN …, …) or … is not available');
  });

  it('survives a name that looks like a pattern', () => {
    expect(describeOutcome(outcome('name (x+ is wrong'), ['(x+y^.*'])).toContain('is wrong');
  });

  it('leaves out warnings, and a place that is no path', () => {
    const body = outcome('bad', { expression: ['Patient.where(name=Quill)'] });
    expect(
      describeOutcome({ ...body, issue: [...body.issue, { severity: 'warning', code: 'x', diagnostics: 'old' }] }, []),
    ).toBe('processing bad');
  });

  it('says so where there is no OperationOutcome', () => {
    expect(describeOutcome('<html>Quill</html>', [])).toBe('no OperationOutcome');
  });
});
