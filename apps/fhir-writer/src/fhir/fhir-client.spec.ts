import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@medplum/fhirtypes';
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import { BackendToken } from './backend-token.ts';
import { FhirClient } from './fhir-client.ts';

let folder: string;
let baseUrl: string;
let clock = 0;
let answers: ((request: IncomingMessage, response: ServerResponse) => void)[] = [];
let bearers: string[] = [];
let tokenForms: URLSearchParams[] = [];
let tokenStatus = 200;
let publicKey: Awaited<ReturnType<typeof exportJWK>>;

const bundle: Bundle = { resourceType: 'Bundle', type: 'transaction', entry: [] };
const errand = () => ({ signal: AbortSignal.timeout(20_000), secrets: [] });
const answer =
  (status: number, body = '{}') =>
  (_: IncomingMessage, response: ServerResponse) =>
    response.writeHead(status, { 'content-type': 'application/fhir+json' }).end(body);

const server = createServer((request, response) => {
  void (async () => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (request.url === '/token') {
      tokenForms.push(new URLSearchParams(body));
      response
        .writeHead(tokenStatus)
        .end(
          JSON.stringify(
            tokenStatus === 200
              ? { access_token: `t${tokenForms.length}`, expires_in: 60 }
              : { error: 'invalid_client' },
          ),
        );
      return;
    }
    bearers.push(request.headers.authorization ?? '');
    (answers.shift() ?? answer(200))(request, response);
  })();
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sightline-client-'));
  const pair = await generateKeyPair('ES384', { extractable: true });
  publicKey = { ...(await exportJWK(pair.publicKey)), kid: 'k1' };
  await writeFile(join(folder, 'key.json'), JSON.stringify({ ...(await exportJWK(pair.privateKey)), kid: 'k1' }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

let client: FhirClient;
beforeEach(() => {
  answers = [];
  bearers = [];
  tokenForms = [];
  tokenStatus = 200;
  clock = 0;
  const token = new BackendToken(
    { tokenUrl: `${baseUrl}/token`, clientId: 'writer', keyFile: join(folder, 'key.json'), scope: 'system/*.cruds' },
    () => clock,
  );
  client = new FhirClient(`${baseUrl}/fhir`, token);
});

describe('a FHIR server', () => {
  it.each([
    [404, 'missing'],
    [410, 'missing'],
    [409, 'conflict'],
    [412, 'conflict'],
  ])('that answers %i: %s, at once', async (status, kind) => {
    answers = [answer(status)];
    expect(await client.read('Patient/1', errand())).toMatchObject({ kind });
    expect(bearers).toHaveLength(1);
  });

  it.each([400, 405, 413, 422])('that refuses with %i will refuse again: invalid input, asked once', async (status) => {
    answers = [answer(status)];
    expect(await client.transact(bundle, errand())).toMatchObject({
      kind: 'failed',
      failure: { kind: 'invalid-input' },
    });
    expect(bearers).toHaveLength(1);
  });

  it.each([403, 408, 429, 500, 502, 503])('that answers %i is unavailable, after a few tries', async (status) => {
    answers = [answer(status), answer(status), answer(status)];
    expect(await client.transact(bundle, errand())).toMatchObject({ kind: 'failed', failure: { kind: 'unavailable' } });
    expect(bearers).toHaveLength(3);
  });

  it('that stumbles once is asked again', async () => {
    answers = [answer(503), (_, response) => response.destroy(), answer(200, '{"resourceType":"Patient"}')];
    expect(await client.read('Patient/1', errand())).toMatchObject({ kind: 'ok' });
  });

  it('that never answers is given up with its errand, as unavailable', async () => {
    answers = [() => undefined];
    const outcome = await client.read('Patient/1', { signal: AbortSignal.timeout(200), secrets: [] });
    expect(outcome).toMatchObject({ kind: 'failed', failure: { kind: 'unavailable' } });
  });
});

describe('the token', () => {
  it('is asked for once, with an assertion signed by the client and meant for the token endpoint', async () => {
    await Promise.all([client.read('Patient/1', errand()), client.read('Patient/2', errand())]);
    expect(tokenForms).toHaveLength(1);
    expect(Object.fromEntries(tokenForms[0] ?? [])).toMatchObject({
      grant_type: 'client_credentials',
      scope: 'system/*.cruds',
    });
    const { payload, protectedHeader } = await jwtVerify(
      tokenForms[0]?.get('client_assertion') ?? '',
      createLocalJWKSet({ keys: [publicKey] }),
      { audience: `${baseUrl}/token`, issuer: 'writer', subject: 'writer' },
    );
    expect(protectedHeader).toMatchObject({ alg: 'ES384', kid: 'k1' });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(300);
    expect(payload.jti).toBeDefined();
  });

  it('is renewed before it ends', async () => {
    await client.read('Patient/1', errand());
    clock = 29_000;
    await client.read('Patient/1', errand());
    clock = 31_000;
    await client.read('Patient/1', errand());
    expect(bearers).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t2']);
  });

  it('is renewed once when it is refused', async () => {
    answers = [answer(401), answer(200)];
    expect(await client.read('Patient/1', errand())).toMatchObject({ kind: 'ok' });
    expect(bearers).toEqual(['Bearer t1', 'Bearer t2']);
  });

  it('that cannot be had makes the server unavailable, and names no secret', async () => {
    tokenStatus = 401;
    expect(await client.read('Patient/1', errand())).toEqual({
      kind: 'failed',
      failure: { kind: 'unavailable', message: 'FHIR server not reached: token endpoint answered 401 invalid_client' },
    });
  });
});

describe('a search', () => {
  it('keeps its parameters out of the URL', async () => {
    let url: string | undefined;
    answers = [(request, response) => ((url = request.url), response.end('{}'))];
    await client.search('Patient', { identifier: 'urn:x|4711' }, errand());
    expect(url).toBe('/fhir/Patient/_search');
  });
});
