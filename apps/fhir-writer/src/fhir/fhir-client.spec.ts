import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle } from '@medplum/fhirtypes';
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import { BackendToken } from './backend-token.ts';
import { publicKey as publicHalf, readKeys } from './client-keys.ts';
import { FhirClient } from './fhir-client.ts';

let folder: string;
let baseUrl: string;
let clock = 0;
let answers: ((request: IncomingMessage, response: ServerResponse) => void)[] = [];
let bearers: string[] = [];
let urls: (string | undefined)[] = [];
let tokenForms: URLSearchParams[] = [];
let tokenStatus = 200;
let publicKey: Awaited<ReturnType<typeof exportJWK>>;

const bundle: Bundle = { resourceType: 'Bundle', type: 'transaction', entry: [] };
const errand = () => ({ signal: AbortSignal.timeout(20_000), secrets: [] });
const answer =
  (status: number, body = '{"resourceType":"Patient"}', headers: Record<string, string> = {}) =>
  (_: IncomingMessage, response: ServerResponse) =>
    response.writeHead(status, { 'content-type': 'application/fhir+json', ...headers }).end(body);

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
    urls.push(request.url);
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
const tokenOf = (keyFile = 'key.json') =>
  new BackendToken(
    { tokenUrl: `${baseUrl}/token`, clientId: 'writer', keyFile: join(folder, keyFile), scope: 'system/*.cruds' },
    () => clock,
  );
beforeEach(() => {
  answers = [];
  bearers = [];
  tokenForms = [];
  tokenStatus = 200;
  clock = 0;
  urls = [];
  client = new FhirClient(`${baseUrl}/fhir`, tokenOf());
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

  it.each([302, 307])('that leads elsewhere with %i is not followed, and is unavailable', async (status) => {
    answers = Array.from({ length: 3 }, () => answer(status, '', { location: `${baseUrl}/elsewhere` }));
    expect(await client.transact(bundle, errand())).toMatchObject({
      kind: 'failed',
      failure: { kind: 'unavailable', message: expect.stringContaining('a redirect') },
    });
    expect(urls).toEqual(['/fhir', '/fhir', '/fhir']);
  });

  it.each(['{"resourceType":"Observation"}', '{"hello":"world"}', '[]', 'null', '7'])(
    'that is asked for a patient and answers %s is unavailable',
    async (body) => {
      answers = [answer(200, body)];
      expect(await client.read('Patient/1', errand())).toMatchObject({ failure: { kind: 'unavailable' } });
    },
  );

  it.each([
    ['in seconds', () => '60'],
    ['as a date', () => new Date(Date.now() + 60_000).toUTCString()],
  ])('that says %s when to come again is left alone until then, whoever asks', async (_, header) => {
    answers = [answer(429, '{}', { 'retry-after': header() })];
    const [first, second] = [await client.read('Patient/1', errand()), await client.read('Patient/2', errand())];
    for (const one of [first, second]) {
      expect(one).toMatchObject({ kind: 'failed', failure: { kind: 'unavailable' } });
      expect(one.kind === 'failed' ? one.retryAfterMs : 0).toBeGreaterThan(55_000);
    }
    expect(bearers).toHaveLength(1);
  });

  it('that does not answer in time is unavailable, and is asked again', async () => {
    const hasty = new FhirClient(`${baseUrl}/fhir`, tokenOf(), { requestTimeoutMs: 500 });
    answers = [() => undefined, () => undefined, answer(200)];
    expect(await hasty.read('Patient/1', errand())).toMatchObject({ kind: 'ok' });
    expect(bearers).toHaveLength(3);
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

  it.each(['ES384', 'RS384'])(
    'is signed for by the first key of a set from when it stands there, here by %s',
    async (alg) => {
      const file = join(folder, 'keys.json');
      const keyOf = async (algorithm: string, kid: string) => ({
        ...(await exportJWK((await generateKeyPair(algorithm, { extractable: true })).privateKey)),
        kid,
      });
      const before = await keyOf('ES384', 'before');
      const after = await keyOf(alg, 'after');
      await writeFile(file, JSON.stringify({ keys: [before] }));
      const token = tokenOf('keys.json');
      await token.get(AbortSignal.timeout(20_000));
      clock = 31_000;
      await writeFile(file, JSON.stringify({ keys: [after, before] }));
      await token.get(AbortSignal.timeout(20_000));
      // What is published meanwhile verifies both.
      const published = (await readKeys(file)).map(publicHalf);
      const signed = tokenForms.map((form) =>
        jwtVerify(form.get('client_assertion') ?? '', createLocalJWKSet({ keys: published })),
      );
      expect((await Promise.all(signed)).map(({ protectedHeader }) => protectedHeader)).toEqual([
        { alg: 'ES384', kid: 'before', typ: 'JWT' },
        { alg, kid: 'after', typ: 'JWT' },
      ]);
      const secret = ['d', 'p', 'q', 'dp', 'dq', 'qi'];
      expect(published.flatMap((key) => Object.keys(key)).filter((name) => secret.includes(name))).toEqual([]);
    },
  );

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
  const found = (ids: string[], next?: string) =>
    JSON.stringify({
      resourceType: 'Bundle',
      type: 'searchset',
      entry: ids.map((id) => ({ resource: { resourceType: 'Patient', id } })),
      ...(next === undefined ? {} : { link: [{ relation: 'next', url: next }] }),
    });
  const search = () => client.search('Patient', { identifier: 'urn:x|4711' }, errand());

  it('keeps its parameters out of the URL', async () => {
    await search();
    expect(urls[0]).toBe('/fhir/Patient/_search');
  });

  it('is answered by all of its pages', async () => {
    answers = [
      answer(200, found(['a'], `${baseUrl}/fhir?page=2`)),
      answer(200, found(['b'], 'Patient?page=3')),
      answer(200, found(['c'])),
    ];
    const all = await search();
    expect(all.kind === 'ok' ? all.body.entry?.map(({ resource }) => resource?.id) : all).toEqual(['a', 'b', 'c']);
    expect(urls).toEqual(['/fhir/Patient/_search', '/fhir?page=2', '/fhir/Patient?page=3']);
  });

  it.each([
    ['whose pages do not end', () => `${baseUrl}/fhir?page=2`],
    ['that goes on at another server', () => 'https://elsewhere.example.org/fhir?page=2'],
  ])('%s has found nothing for sure', async (_, next) => {
    answers = Array.from({ length: 30 }, () => answer(200, found(['a'], next())));
    expect(await search()).toMatchObject({ kind: 'failed', failure: { kind: 'unavailable' } });
    expect(urls.every((url) => url?.startsWith('/fhir') === true)).toBe(true);
  });

  it.each([
    '{"hello":"world"}',
    '{"resourceType":"OperationOutcome","issue":[]}',
    '{"resourceType":"Bundle","type":"searchset","entry":{}}',
    '{"resourceType":"Bundle","type":"searchset","entry":[null]}',
  ])('that is answered with %s has not found nothing: the server is unavailable', async (body) => {
    answers = [answer(200, body)];
    expect(await search()).toMatchObject({ kind: 'failed', failure: { kind: 'unavailable' } });
  });
});
