import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CapabilityStatement } from '@medplum/fhirtypes';
import { startScriptedFhir, type ScriptedFhir } from '../../../../test/support/scripted-fhir.ts';
import { BackendToken } from './backend-token.ts';
import { FhirClient } from './fhir-client.ts';
import { KnownCapabilities } from './known-capabilities.ts';

const statement: CapabilityStatement = {
  resourceType: 'CapabilityStatement',
  status: 'active',
  date: '2026-01-02',
  kind: 'instance',
  fhirVersion: '4.0.1',
  format: ['json'],
  rest: [{ mode: 'server', interaction: [{ code: 'transaction' }] }],
};

let server: ScriptedFhir;
let capabilities: KnownCapabilities;
let status = 200;
let asked: string[] = [];

beforeEach(async () => {
  asked = [];
  status = 200;
  server = await startScriptedFhir(({ path }) => {
    asked.push(path);
    return { status, body: statement };
  });
  capabilities = new KnownCapabilities(new FhirClient(server.baseUrl, new BackendToken(server.credentials)));
});
afterEach(() => server.stop());

async function ask(times: number): Promise<string[]> {
  const errand = { signal: AbortSignal.timeout(10_000), secrets: [] };
  const answers = await Promise.all(Array.from({ length: times }, () => capabilities.ask(errand)));
  return answers.map(({ kind }) => kind);
}

describe('what a server says it can do', () => {
  it('is asked for once by all who start together, and known to those who come later', async () => {
    expect(await ask(3)).toEqual(['capabilities', 'capabilities', 'capabilities']);
    expect(await ask(1)).toEqual(['capabilities']);
    expect(asked).toEqual(['/metadata']);
  });

  it('is asked for again where the server did not say', async () => {
    status = 404;
    expect(await ask(2)).toEqual(['failed', 'failed']);
    status = 200;
    expect(await ask(1)).toEqual(['capabilities']);
    expect(asked).toEqual(['/metadata', '/metadata']);
  });
});
