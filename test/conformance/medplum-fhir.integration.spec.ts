import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type {
  Bundle,
  BundleEntry,
  CapabilityStatement,
  DiagnosticReport,
  Observation,
  Resource,
} from '@medplum/fhirtypes';
import { changesOf, reportIdentifier, transactionOf } from '@sightline/fhir';
import { askFhir } from '../support/ask-fhir.ts';
import { exampleResult } from '../support/example-result.ts';
import {
  type IdentityProvider,
  startIdentityProvider,
  type TemporaryDirectory,
  temporaryDirectory,
} from '../support/index.ts';
import { type MedplumFhir, startMedplumFhir } from '../support/medplum-fhir.ts';

let directory: TemporaryDirectory;
let identity: IdentityProvider;
let server: MedplumFhir;
let token: string;

beforeAll(async () => {
  directory = await temporaryDirectory('medplum');
  identity = await startIdentityProvider({ directory: join(directory.path, 'identity') });
  token = await identity.token('system');
  server = await startMedplumFhir(identity);
}, 240_000);

beforeEach(() => server.reset());

afterAll(async () => {
  await server?.stop();
  await identity?.stop();
  await directory?.remove();
});

async function ask<R extends Resource = Resource>(
  method: string,
  path: string,
  body?: Resource | string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: R }> {
  const door = { url: server.baseUrl, token };
  const told = await askFhir(door, method, path, { headers, ...(body === undefined ? {} : { body }) });
  return { status: told.status, headers: told.headers, body: told.resource<R>() };
}

const observation = (more: object = {}): Observation => ({
  resourceType: 'Observation',
  status: 'preliminary',
  code: { text: 'x' },
  identifier: [{ system: 'urn:own', value: '1' }],
  ...more,
});

const create = (resource: Resource, ifNoneExist?: string): BundleEntry => ({
  resource,
  request: {
    method: 'POST',
    url: resource.resourceType,
    ...(ifNoneExist === undefined ? {} : { ifNoneExist }),
  },
});

const post = (type: 'transaction' | 'batch', ...entry: BundleEntry[]) =>
  ask<Bundle>('POST', '', { resourceType: 'Bundle', type, entry });

const own = 'identifier=urn:own%7C1';
const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('a server of another make', () => {
  it('is open for its CapabilityStatement and for nothing else', async () => {
    const bare = (path: string) => fetch(`${server.baseUrl}${path}`).then(({ status }) => status);
    expect([await bare('/metadata'), await bare('/Patient')]).toEqual([200, 401]);
    const authorization = `Bearer ${await identity.token('clinician')}`;
    expect((await ask('GET', '/Patient', undefined, { authorization })).status).toBe(200);
    expect((await ask('POST', '/Observation', observation(), { authorization })).status).toBe(403);
  });

  it('offers bundles, conditions and ids of clients', async () => {
    const { body } = await ask<CapabilityStatement>('GET', '/metadata');
    expect(body.rest?.[0]?.interaction?.map(({ code }) => code)).toEqual(['transaction', 'batch']);
    expect(body.rest?.[0]?.resource?.find(({ type }) => type === 'Observation')).toMatchObject({
      conditionalCreate: true,
      updateCreate: true,
      searchInclude: expect.arrayContaining(['Observation:subject']),
      searchParam: expect.arrayContaining([{ name: 'identifier', type: 'token' }]),
    });
  });

  it('creates, reads, replaces and keeps each version', async () => {
    const made = await ask<Observation>('POST', '/Observation', observation());
    const { id = '', meta } = made.body;
    expect([made.status, made.headers.get('etag')]).toEqual([201, `W/"${meta?.versionId ?? ''}"`]);
    expect(made.headers.get('location')).toBe(`${server.baseUrl}/Observation/${id}/_history/${meta?.versionId ?? ''}`);
    const replaced = await ask<Observation>('PUT', `/Observation/${id}`, observation({ id, status: 'final' }));
    expect(replaced.body).toMatchObject({ id, status: 'final' });
    const first = await ask<Observation>('GET', `/Observation/${id}/_history/${meta?.versionId ?? ''}`);
    expect(first.body.status).toBe('preliminary');
    expect((await ask('GET', '/Observation/nobody')).status).toBe(404);
  });

  it('replaces the version that was seen, and no other', async () => {
    const { body } = await ask<Observation>('POST', '/Observation', observation());
    const put = (etag: string) =>
      ask('PUT', `/Observation/${body.id ?? ''}`, observation({ id: body.id }), { 'if-match': etag });
    expect((await put('W/"stale"')).status).toBe(412);
    expect((await put(`W/"${body.meta?.versionId ?? ''}"`)).status).toBe(200);
  });

  it('creates on a condition once, and not at all where several match', async () => {
    const conditional = () => ask<Observation>('POST', '/Observation', observation(), { 'if-none-exist': own });
    const [first, second] = [await conditional(), await conditional()];
    expect([first.status, second.status, second.body.id]).toEqual([201, 200, first.body.id]);
    await ask('POST', '/Observation', observation());
    expect((await conditional()).status).toBe(412);
  });

  it('finds by GET and by POST, and brings along what it is asked to include', async () => {
    const made = await ask<Observation>('POST', '/Observation', observation());
    const report: DiagnosticReport = {
      resourceType: 'DiagnosticReport',
      status: 'partial',
      code: { text: 'x' },
      identifier: [{ system: 'urn:own', value: '1' }],
      result: [{ reference: `Observation/${made.body.id ?? ''}` }],
    };
    await ask('POST', '/DiagnosticReport', report);
    const query = `${own}&_include=DiagnosticReport:result`;
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    for (const found of [
      await ask<Bundle>('GET', `/DiagnosticReport?${query}`),
      await ask<Bundle>('POST', '/DiagnosticReport/_search', query, form),
    ]) {
      expect(found.body.entry?.map(({ resource }) => resource?.resourceType)).toEqual([
        'DiagnosticReport',
        'Observation',
      ]);
      expect(found.body.total).toBe(1);
    }
  });

  it('refuses a body that is no JSON', async () => {
    expect((await ask('POST', '/Observation', '{')).status).toBe(400);
  });

  it('takes a whole transaction or nothing of it', async () => {
    const gone: BundleEntry = {
      resource: observation({ id: 'gone' }),
      request: { method: 'PUT', url: 'Observation/gone', ifMatch: 'W/"1"' },
    };
    const before = (await ask<Observation>('POST', '/Observation', observation())).body;
    expect((await post('transaction', create(observation({ status: 'final' })), gone)).status).toBe(404);
    expect(await server.held('Observation')).toEqual([before]);
    expect((await post('batch', create(observation({ status: 'final' })), gone)).status).toBe(200);
    expect(await server.held('Observation')).toHaveLength(2);
  });

  it('holds a result set of the writer once, however often it is sent', async () => {
    const { card: _, ...model } = exampleResult().model;
    const bundle = () => transactionOf(changesOf({ ...exampleResult(), model }, { observations: [] }, digest));
    expect(bundle().entry).toHaveLength(7);
    for (const send of [bundle(), bundle()]) {
      const { status, body } = await ask<Bundle>('POST', '', send);
      expect({ status, body }).toMatchObject({ status: 200, body: { type: 'transaction-response' } });
    }
    const [report, ...more] = await server.held('DiagnosticReport');
    expect(more).toEqual([]);
    expect((report as DiagnosticReport).identifier).toContainEqual(
      expect.objectContaining(reportIdentifier(exampleResult().study.studyInstanceUid, model.name, 1)),
    );
    const [observed] = await server.held('Observation');
    expect((report as DiagnosticReport).result).toEqual([{ reference: `Observation/${observed?.id ?? ''}` }]);
    expect(await server.held('Provenance')).toHaveLength(1);
  });
});

describe('a server of another make differs from HAPI:', () => {
  it('a transaction with one conditional create takes eight entries at most', async () => {
    const entries = (count: number) =>
      Array.from({ length: count }, (_, n) =>
        create(observation({ identifier: [{ value: `${n}` }] }), n === 0 ? own : undefined),
      );
    expect((await post('transaction', ...entries(8))).status).toBe(200);
    const refused = await post('transaction', ...entries(9));
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain('requires strict isolation but has too many entries');
    expect((await post('batch', ...entries(9))).status).toBe(200);
  });

  it('what stands under an id of a client answers 200, new or not', async () => {
    const put = () => ask('PUT', '/Observation/mine', observation({ id: 'mine' }));
    expect([(await put()).status, (await put()).status]).toEqual([200, 200]);
  });

  it('If-Match on what is not there answers 404', async () => {
    const put = await ask('PUT', '/Observation/mine', observation({ id: 'mine' }), { 'if-match': 'W/"1"' });
    expect(put.status).toBe(404);
  });

  it('a search parameter it does not know finds nothing, and is no error', async () => {
    await ask('POST', '/Observation', observation());
    const { status, body } = await ask<Bundle>('GET', '/Observation?nonsense=1');
    expect([status, body.total]).toEqual([200, 0]);
  });

  it('capitals make no difference in an identifier', async () => {
    await ask('POST', '/Observation', observation({ identifier: [{ system: 'urn:own', value: 'a' }] }));
    expect((await ask<Bundle>('GET', '/Observation?identifier=urn:own%7CA')).body.total).toBe(1);
  });

  it('found resources come without address and without pages', async () => {
    await ask('POST', '/Observation', observation());
    const { body } = await ask<Bundle>('GET', '/Observation');
    expect([body.entry?.[0]?.fullUrl, body.link]).toEqual([undefined, undefined]);
  });

  it('nothing that is written is validated, and references to nothing are taken', async () => {
    const made = await ask(
      'POST',
      '/Observation',
      observation({ code: undefined, subject: { reference: 'Patient/no' } }),
    );
    expect(made.status).toBe(201);
  });

  it('an entry of a transaction is answered without version', async () => {
    const { body } = await post('transaction', create(observation()));
    const response = body.entry?.[0]?.response;
    expect(response).toMatchObject({ status: '201', location: expect.stringMatching(/^Observation\/[^/]+$/) });
    expect(response?.etag).toBeUndefined();
  });
});
