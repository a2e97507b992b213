import { expect, it } from '@jest/globals';
import { validateForFiling } from '@sightline/fhir';
import { loadDefinitions } from './load-definitions.ts';

it('gives what is needed to judge the types that are asked for, and no other', async () => {
  const definitions = await loadDefinitions(new Set(['Device', 'Endpoint']));
  expect([...definitions.types].toSorted()).toEqual(['Device', 'Endpoint']);
  expect(definitions.codesIn('http://hl7.org/fhir/ValueSet/device-status')).toContain('active');
  expect(definitions.displayOf('http://hl7.org/fhir/device-status', 'active')).toBe('Active');
  expect(validateForFiling([{ resource: { resourceType: 'Device', status: 'active' } }], definitions)).toEqual({
    kind: 'valid',
  });
});

it('knows every type of a result set unasked', async () => {
  const { types } = await loadDefinitions();
  for (const type of ['DiagnosticReport', 'Observation', 'ImagingStudy', 'Media', 'Device', 'Provenance', 'Patient']) {
    expect(types).toContain(type);
  }
});
