import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Observation, Resource } from '@medplum/fhirtypes';
import { codes, concept } from '@sightline/findings';
import { changesOf, patientFromImages, type ResultInChart, transactionOf } from '@sightline/fhir';
import { exampleResult } from '../support/example-result.ts';
import {
  type FhirServer,
  type IdentityProvider,
  startFhirServer,
  startIdentityProvider,
  type TemporaryDirectory,
  temporaryDirectory,
  validateEverything,
} from '../support/index.ts';
import { knownWarnings } from '../support/known-warnings.ts';

let directory: TemporaryDirectory;
let identity: IdentityProvider;
let server: FhirServer;
let token: string;

beforeAll(async () => {
  directory = await temporaryDirectory('validate');
  identity = await startIdentityProvider({ directory: join(directory.path, 'identity') });
  server = await startFhirServer({ directory: join(directory.path, 'fhir'), identityProvider: identity });
  token = await identity.token('system');
  const patient = patientFromImages({ system: 'urn:example:patients', value: '1' }, { name: 'Doe^Jane', sex: 'F' });
  await write('PUT', '/Patient/p1', { ...patient, id: 'p1' });
  await file(exampleResult('Patient/p1'));
  const undated = exampleResult('Patient/p1', '1.2.826.0.1.3680043.8.498.2');
  const { startedAt: _, ...study } = undated.study;
  await file({ ...undated, study });
}, 700_000);

afterAll(async () => {
  await server?.stop();
  await identity?.stop();
  await directory?.remove();
});

function file(result: ResultInChart): Promise<void> {
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
  return write('POST', '', transactionOf(changesOf(result, { observations: [] }, digest)));
}

async function write(method: string, path: string, resource?: Resource): Promise<void> {
  const response = await fetch(`${server.baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
    ...(resource === undefined ? {} : { body: JSON.stringify(resource) }),
  });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
}

/** Nothing is wrong with it, but for what `more` says. */
function finding(more: object): Observation {
  return {
    resourceType: 'Observation',
    id: 'planted',
    status: 'preliminary',
    text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml"><p>Planted.</p></div>' },
    code: { coding: [concept(codes.snomed.pneumonia)] },
    subject: { reference: 'Patient/p1' },
    effectiveDateTime: '2026-02-03',
    ...more,
  };
}

async function faultsOf(observation: Observation): Promise<string[]> {
  await write('PUT', '/Observation/planted', observation);
  const { errors } = await validateEverything(server.baseUrl, token, ['Observation']);
  await write('DELETE', '/Observation/planted');
  expect(new Set(errors.map(({ resource }) => resource))).toEqual(
    new Set(errors.length === 0 ? [] : ['Observation/planted']),
  );
  return errors.map(({ where, text }) => `${where}: ${text}`);
}

/** Of references that it can be searched by the server takes care itself; of the author of a note it says nothing. */
const noteBy = (reference: string) => ({ note: [{ text: 'Planted.', authorReference: { reference } }] });

describe('the judgement of a chart', () => {
  it('finds nothing in what the writer files but known warnings, and knows none that is never given', async () => {
    const { validated, errors, dangling, excused } = await validateEverything(server.baseUrl, token);
    expect({ validated, errors, dangling }).toEqual({ validated: 14, errors: [], dangling: [] });
    expect(knownWarnings.filter((one) => !excused.has(one))).toEqual([]);
  });

  it('gives a reason for every warning it lets through', () => {
    for (const { reason } of knownWarnings) expect(reason).toMatch(/\.$/);
  });

  it('lets a planted finding pass that nothing is wrong with', async () => {
    expect(await faultsOf(finding({}))).toEqual([]);
  });

  it.each<[string, object, RegExp]>([
    ['an error', { component: [{ valueString: 'x' }] }, /component.*minimum required = 1/],
    ['a warning that is not known', { subject: undefined }, /should have a subject/],
    [
      'a profile nobody knows',
      { meta: { profile: ['https://example.org/StructureDefinition/x'] } },
      /Profile reference/,
    ],
    ['a reference to a wrong type', noteBy('Observation/planted'), /note\[0\].*never to Observation/],
    [
      'a code nobody has checked',
      { method: { coding: [{ ...concept(codes.snomed.lung), display: 'Liver' }] } },
      /method\.coding\[0\].*displayed otherwise/,
    ],
  ])('names %s', async (_what, change, text) => {
    expect(await faultsOf(finding(change))).toContainEqual(expect.stringMatching(text));
  });

  it('follows every reference', async () => {
    await write('PUT', '/Observation/planted', finding(noteBy('Patient/nobody')));
    const asked = validateEverything(server.baseUrl, token, ['Observation']);
    await expect(asked).resolves.toMatchObject({ dangling: [{ resource: 'Observation/planted' }] });
    await write('DELETE', '/Observation/planted');
  });
});
