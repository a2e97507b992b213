import { join } from 'node:path';
import type { OperationOutcome } from '@medplum/fhirtypes';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import { readFile } from 'node:fs/promises';
import { type TemporaryDirectory, temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { type FhirServer, startFhirServer } from './parts/fhir-server.ts';
import { type IdentityProvider, startIdentityProvider } from './parts/identity-provider.ts';

describe("the sandbox's FHIR server", () => {
  let directory: TemporaryDirectory;
  let identityProvider: IdentityProvider;
  let fhir: FhirServer;

  beforeAll(async () => {
    directory = await temporaryDirectory('doors');
    identityProvider = await startIdentityProvider({ directory: join(directory.path, 'identity') });
    fhir = await startFhirServer({ directory: join(directory.path, 'fhir'), identityProvider });
  }, 700_000);

  afterAll(async () => {
    await fhir?.stop();
    await identityProvider?.stop();
    await directory?.remove();
  });

  async function ask(path: string, token?: string, init: { method?: string; body?: object; scheme?: string } = {}) {
    const response = await fetch(`${fhir.baseUrl}${path}`, {
      method: init.method ?? (init.body === undefined ? 'GET' : 'POST'),
      headers: {
        'content-type': 'application/fhir+json',
        ...(token === undefined ? {} : { authorization: `${init.scheme ?? 'Bearer'} ${token}` }),
      },
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    });
    const text = await response.text();
    return { status: response.status, challenge: response.headers.get('www-authenticate'), text };
  }

  const patient = (code = 'AIAST') => ({
    resourceType: 'Patient',
    id: 'p1',
    meta: { security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code }] },
    gender: 'female',
  });

  it('is closed without a token, but for its capabilities', async () => {
    expect((await ask('/metadata')).status).toBe(200);
    for (const path of [
      '/Patient',
      '/',
      '',
      '/metadata?_getpages=1',
      '/metadata/',
      '/Patient/$validate',
      '/nonsense',
    ]) {
      expect({ path, ...(await ask(path)) }).toMatchObject({ path, status: 401, challenge: 'Bearer realm="fhir"' });
    }
    expect((await ask('/metadata', undefined, { body: patient() })).status).toBe(401);
  });

  it('believes only access tokens of its own provider, for it and in time', async () => {
    const settings = JSON.parse(await readFile(join(directory.path, 'identity/settings.json'), 'utf8')) as {
      signingKeys: JWK[];
    };
    const key = settings.signingKeys.find(({ alg }) => alg === 'ES256') ?? {};
    const stranger = await exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey);
    const sign = async (
      change: { typ?: string; issuer?: string; audience?: string; expires?: string; key?: JWK } = {},
    ): Promise<string> =>
      new SignJWT({ roles: ['clinician'] })
        .setProtectedHeader({ alg: 'ES256', kid: key.kid ?? '', typ: change.typ ?? 'at+jwt' })
        .setSubject('someone')
        .setIssuer(change.issuer ?? identityProvider.issuer)
        .setAudience(change.audience ?? 'sightline')
        .setIssuedAt()
        .setExpirationTime(change.expires ?? '1m')
        .sign(await importJWK(change.key ?? key, 'ES256'));
    expect((await ask('/Patient', await sign())).status).toBe(200);
    const invalid = {
      'an ID token': await sign({ typ: 'JWT' }),
      'another issuer': await sign({ issuer: 'http://127.0.0.1:1' }),
      'another audience': await sign({ audience: 'reading-room' }),
      'run out': await sign({ expires: '-10m' }),
      'a stranger': await sign({ key: stranger }),
      unsigned: `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.e30.`,
      nonsense: 'nonsense',
    };
    for (const [what, token] of Object.entries(invalid)) {
      expect({ what, ...(await ask('/Patient', token)) }).toMatchObject({ what, status: 401 });
    }
    expect((await ask('/Patient', await sign(), { scheme: 'Basic' })).status).toBe(401);
  });

  it('lets people read and only the system write', async () => {
    const system = await identityProvider.token('system');
    for (const role of identityProvider.users) {
      const token = await identityProvider.token(role);
      expect((await ask('/Patient', token)).status).toBe(200);
      expect((await ask('/Patient/p1', token, { method: 'PUT', body: patient() })).status).toBe(403);
      expect((await ask('', token, { body: { resourceType: 'Bundle', type: 'transaction' } })).status).toBe(403);
      expect((await ask('/Patient/p1', token, { method: 'DELETE' })).status).toBe(403);
    }
    expect((await ask('/Patient/p1', system, { method: 'PUT', body: patient() })).status).toBe(201);
    expect((await ask('/Patient/p1', system)).status).toBe(200);
  });

  it('holds references to be whole', async () => {
    const system = await identityProvider.token('system');
    const observation = {
      resourceType: 'Observation',
      status: 'preliminary',
      code: { text: 'x' },
      subject: { reference: 'Patient/nobody' },
    };
    expect((await ask('/Observation', system, { body: observation })).status).toBe(400);
  });

  it('knows the label of what AI asserted, and no misspelling of it', async () => {
    const token = await identityProvider.token('clinician');
    const errorsOf = async (code: string): Promise<(string | undefined)[]> => {
      const { text } = await ask('/Patient/$validate', token, { body: patient(code) });
      const { issue } = JSON.parse(text) as OperationOutcome;
      return (issue ?? []).filter(({ severity }) => severity === 'error').map(({ diagnostics }) => diagnostics);
    };
    expect(await errorsOf('AIAST')).toEqual([]);
    expect(await errorsOf('AIASTED')).toEqual([expect.stringContaining('Unknown code')]);
  }, 180_000);
});
