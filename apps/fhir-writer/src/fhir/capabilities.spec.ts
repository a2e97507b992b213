import { describe, expect, it } from '@jest/globals';
import type { CapabilityStatementRest, CapabilityStatementRestResource } from '@medplum/fhirtypes';
import { Capabilities } from './capabilities.ts';

type Type = CapabilityStatementRestResource['type'];

const written: Type[] = [
  'DiagnosticReport',
  'Observation',
  'ImagingStudy',
  'Device',
  'Media',
  'DocumentReference',
  'BodyStructure',
  'Provenance',
];

function planOf(types: readonly Type[], more: Partial<CapabilityStatementRestResource>, transaction = true): string {
  const rest: CapabilityStatementRest = {
    mode: 'server',
    interaction: transaction ? [{ code: 'transaction' }] : [],
    resource: types.map((type) => ({
      type,
      interaction: [{ code: 'create' }, { code: 'update' }],
      conditionalCreate: true,
      ...more,
    })),
  };
  return new Capabilities({
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: '2026-02-03',
    kind: 'instance',
    fhirVersion: '4.0.1',
    format: ['json'],
    rest: [rest],
  }).plan;
}

describe('how a report is brought to a server', () => {
  it.each([
    ['that does all of it', written, {}, true, 'transaction'],
    ['that takes no transactions', written, {}, false, 'sequence'],
    ['that creates on no condition', written, { conditionalCreate: false }, true, 'sequence'],
    ['that gives ids only itself', written, { updateCreate: false }, true, 'sequence'],
    ['that takes no devices', written.filter((type) => type !== 'Device'), {}, true, 'sequence'],
    ['that takes findings but no reports', ['Observation'], {}, true, 'none'],
    ['whose reports cannot be changed afterwards', written, { interaction: [{ code: 'create' }] }, true, 'none'],
    ['that says nothing', [], {}, false, 'none'],
  ] as [string, Type[], Partial<CapabilityStatementRestResource>, boolean, string][])(
    '%s',
    (_, types, more, transaction, plan) => {
      expect(planOf(types, more, transaction)).toBe(plan);
    },
  );
});
