import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle, CapabilityStatement, Observation, OperationOutcome, Resource } from '@medplum/fhirtypes';
import { askFhir, type Told } from '../support/ask-fhir.ts';
import {
  type IdentityProvider,
  startIdentityProvider,
  type TemporaryDirectory,
  temporaryDirectory,
} from '../support/index.ts';
import { startStrictEhr, type StrictEhr } from '../support/strict-ehr.ts';

let directory: TemporaryDirectory;
let identity: IdentityProvider;
let ehr: StrictEhr;
let token: string;

beforeAll(async () => {
  directory = await temporaryDirectory('strict');
  identity = await startIdentityProvider({ directory: join(directory.path, 'identity') });
  token = await identity.token('system');
  ehr = await startStrictEhr(identity);
}, 240_000);

beforeEach(() => {
  ehr.reset();
  ehr.seed(
    { resourceType: 'Patient', id: 'p1', identifier: [{ system: 'urn:mrn', value: '7' }] },
    { resourceType: 'Patient', id: 'p2', identifier: [{ system: 'urn:other', value: '7' }] },
    {
      resourceType: 'ImagingStudy',
      id: 's1',
      status: 'available',
      subject: { reference: 'Patient/p1' },
      identifier: [{ system: 'urn:dicom:uid', value: 'urn:oid:1.2.3' }],
    },
  );
});

afterAll(async () => {
  await ehr?.stop();
  await identity?.stop();
  await directory?.remove();
});

const ask = (method: string, path: string, body?: Resource | string, headers: Record<string, string> = {}) =>
  askFhir({ url: ehr.baseUrl, token }, method, path, { headers, ...(body === undefined ? {} : { body }) });

const observation = (more: object = {}): Observation => ({
  resourceType: 'Observation',
  status: 'preliminary',
  code: { text: 'x' },
  identifier: [{ system: 'urn:own', value: '1' }],
  subject: { reference: 'Patient/p1' },
  ...more,
});

async function created(resource: Resource = observation()): Promise<string> {
  const { status, headers } = await ask('POST', `/${resource.resourceType}`, resource);
  expect(status).toBe(201);
  const [, id] = /\/([^/]+)\/_history\/1$/.exec(headers.get('location') ?? '') ?? [];
  return id ?? '';
}

describe('the door of the strict EHR', () => {
  it('is open for the CapabilityStatement and for nothing else', async () => {
    const bare = (path: string) => fetch(`${ehr.baseUrl}${path}`).then(({ status }) => status);
    expect(await bare('/metadata')).toBe(200);
    expect(await bare('/Patient/p1')).toBe(401);
    expect((await ask('GET', '/Patient/p1', undefined, { authorization: 'Bearer nonsense' })).status).toBe(401);
  });

  it('lets people read and only the machine write', async () => {
    const authorization = `Bearer ${await identity.token('clinician')}`;
    expect((await ask('GET', '/Patient/p1', undefined, { authorization })).status).toBe(200);
    expect((await ask('POST', '/Observation', observation(), { authorization })).status).toBe(403);
  });
});

describe('the CapabilityStatement of the strict EHR', () => {
  it('offers no bundles, conditions and ids of clients', async () => {
    const [rest] = (await ask('GET', '/metadata')).resource<CapabilityStatement>().rest ?? [];
    expect(rest?.interaction).toBeUndefined();
    for (const resource of rest?.resource ?? []) {
      expect(resource).toMatchObject({ conditionalCreate: false, conditionalUpdate: false, updateCreate: false });
    }
  });

  it('is kept to the letter: what it offers is done, and all else is refused', async () => {
    const { rest } = (await ask('GET', '/metadata')).resource<CapabilityStatement>();
    const offered = new Map<string, { code: string }[] | undefined>(
      rest?.[0]?.resource?.map(({ type, interaction }) => [type, interaction]),
    );
    const tries = { read: ['GET', '/x'], 'search-type': ['GET', ''], create: ['POST', ''], update: ['PUT', '/x'] };
    const types = ['Patient', 'ServiceRequest', 'ImagingStudy', 'DiagnosticReport', 'Observation', 'DocumentReference'];
    for (const type of [...types, 'Device', 'Provenance', 'Media', 'BodyStructure', 'Encounter']) {
      for (const [interaction, [method = '', path = '']] of Object.entries(tries)) {
        const { status } = await ask(method, `/${type}${path}`, method === 'GET' ? undefined : '{}');
        const isOffered = offered.get(type)?.some(({ code }) => code === interaction) ?? false;
        // What is offered gets as far as the resource itself: of an unknown id, or with a body that is none.
        const reached = { read: 404, 'search-type': 200, create: 400, update: 405 }[interaction];
        const refused = offered.has(type) ? 405 : 404;
        expect({ type, interaction, status }).toEqual({ type, interaction, status: isOffered ? reached : refused });
      }
    }
  });

  it.each(['transaction', 'batch'] as const)('does not offer a %s, and none is processed', async (type) => {
    const entry = [{ resource: observation(), request: { method: 'POST' as const, url: 'Observation' } }];
    const bundle: Bundle = { resourceType: 'Bundle', type, entry };
    const { status, resource } = await ask('POST', '', bundle);
    expect([status, resource<OperationOutcome>().issue[0]?.code]).toEqual([400, 'not-supported']);
    expect(ehr.held()).toHaveLength(3);
  });

  it.each([
    'GET /Patient/p1/_history/1',
    'GET /Patient/p1/_history',
    'POST /Observation/$validate',
    'DELETE /Patient/p1',
  ])('does not offer %s', async (request) => {
    const [method = '', path = ''] = request.split(' ');
    expect((await ask(method, path, method === 'POST' ? observation() : undefined)).status).toBeGreaterThan(403);
  });
});

describe('a search of the strict EHR', () => {
  const idsFound = ({ resource }: Told): (string | undefined)[] =>
    (resource<Bundle>().entry ?? []).map(({ resource }) => resource?.id);

  it.each<[string, string, string[]]>([
    ['Patient', 'identifier=urn:mrn%7C7', ['p1']],
    ['Patient', 'identifier=7', ['p1', 'p2']],
    ['Patient', 'identifier=urn:mrn%7C', ['p1']],
    ['Patient', 'identifier=%7C7', []],
    ['Patient', 'identifier=urn:mrn%7C7,urn:other%7C7', ['p1', 'p2']],
    ['ImagingStudy', 'identifier=urn:dicom:uid%7Curn:oid:1.2.3', ['s1']],
  ])('of %s by %s finds %j, by GET and by POST', async (type, query, ids) => {
    expect(idsFound(await ask('GET', `/${type}?${query}`))).toEqual(ids);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(idsFound(await ask('POST', `/${type}/_search`, query, form))).toEqual(ids);
  });

  it('finds what was written by identifier and patient, both together', async () => {
    const id = await created();
    const query = (patient: string) => `/Observation?identifier=urn:own%7C1&patient=${patient}`;
    for (const patient of ['p1', 'Patient/p1']) {
      expect(idsFound(await ask('GET', query(patient)))).toEqual([id]);
    }
    expect(idsFound(await ask('GET', query('p2')))).toEqual([]);
  });

  it('says how many there are, and shows no more than it is asked for', async () => {
    const bundle = (await ask('GET', '/Patient?_count=1')).resource<Bundle>();
    expect([bundle.total, bundle.entry?.length]).toEqual([2, 1]);
    expect(bundle.entry?.[0]?.fullUrl).toBe(`${ehr.baseUrl}/Patient/p1`);
  });

  it.each(['Patient?name=Doe', 'Patient?patient=p1', 'DiagnosticReport?_include=DiagnosticReport:result'])(
    'refuses what it does not know: %s',
    async (query) => {
      expect((await ask('GET', `/${query}`)).status).toBe(400);
    },
  );
});

describe('a create of the strict EHR', () => {
  it('answers 201 with the address under an id of its own, and an empty body', async () => {
    const { status, text, headers } = await ask('POST', '/Observation', observation({ id: 'mine' }));
    expect([status, text, headers.get('etag')]).toEqual([201, '', 'W/"1"']);
    const [held] = ehr.held().filter(({ resourceType }) => resourceType === 'Observation');
    expect(held?.id).not.toBe('mine');
    expect(headers.get('location')).toBe(`${ehr.baseUrl}/Observation/${held?.id ?? ''}/_history/1`);
    expect((await ask('GET', `/Observation/${held?.id ?? ''}`)).resource<Observation>()).toEqual(held);
  });

  it('refuses a condition, and not with 412: that would say it was looked at', async () => {
    const answer = await ask('POST', '/Observation', observation(), { 'if-none-exist': 'identifier=urn:own%7C1' });
    expect(answer.status).toBe(400);
    expect(ehr.held()).toHaveLength(3);
  });

  it.each<[string, Resource | string, number, RegExp]>([
    ['no JSON', '{', 400, /no Observation/],
    ['another type', { resourceType: 'Patient' }, 400, /no Observation/],
    ['a missing element', observation({ code: undefined }), 400, /Observation.code: Missing required property/],
    ['an element that does not exist', observation({ verdict: 'x' }), 400, /Invalid additional property/],
    ['a reference to nothing', observation({ device: { reference: 'Device/1' } }), 422, /Device\/1 leads to nothing/],
    ['a reference within a bundle', observation({ device: { reference: 'urn:uuid:1' } }), 422, /leads to nothing/],
    ['a reference to nothing contained', observation({ device: { reference: '#d' } }), 422, /leads to nothing/],
  ])('refuses %s', async (_what, body, status, text) => {
    const answer = await ask('POST', '/Observation', body);
    expect(answer.status).toBe(status);
    expect(
      answer
        .resource<OperationOutcome>()
        .issue.map(({ diagnostics }) => diagnostics)
        .join(),
    ).toMatch(text);
    expect(ehr.held()).toHaveLength(3);
  });

  it('refuses what is not FHIR by its content type', async () => {
    expect((await ask('POST', '/Observation', observation(), { 'content-type': 'text/plain' })).status).toBe(415);
  });

  it('takes contained resources, references to what it holds, and references by identifier', async () => {
    await created(
      observation({
        contained: [{ resourceType: 'Device', id: 'd', status: 'active' }],
        device: { reference: '#d' },
        derivedFrom: [{ reference: `${ehr.baseUrl}/ImagingStudy/s1` }],
        performer: [{ type: 'Organization', identifier: { value: '1' } }],
      }),
    );
  });

  it('refuses two with one identifier as little as an EHR does: looking first is for the client', async () => {
    expect(await created()).not.toBe(await created());
  });
});

describe('an update of the strict EHR', () => {
  it('replaces the version that was seen, and no other', async () => {
    const id = await created();
    const changed = observation({ id, status: 'final' });
    const put = (etag?: string) =>
      ask('PUT', `/Observation/${id}`, changed, etag === undefined ? {} : { 'if-match': etag });
    expect((await put()).status).toBe(400);
    const first = await put('W/"1"');
    expect([first.status, first.text, first.headers.get('etag')]).toEqual([200, '', 'W/"2"']);
    expect((await put('W/"1"')).status).toBe(412);
    expect((await ask('GET', `/Observation/${id}`)).resource<Observation>()).toMatchObject({ status: 'final' });
  });

  it('lets no client choose an id', async () => {
    const answer = await ask('PUT', '/Observation/mine', observation({ id: 'mine' }), { 'if-match': 'W/"1"' });
    expect(answer.status).toBe(405);
  });

  it('holds the resource to its address and to the rules of a create', async () => {
    const id = await created();
    const put = (more: object) =>
      ask('PUT', `/Observation/${id}`, observation({ id, ...more }), { 'if-match': 'W/"1"' });
    expect((await put({ id: 'other' })).status).toBe(400);
    expect((await put({ code: undefined })).status).toBe(400);
    expect((await put({ device: { reference: 'Device/1' } })).status).toBe(422);
    expect((await put({})).status).toBe(200);
  });
});

describe('faults of the strict EHR', () => {
  it('says how long to wait, in seconds or as a date', async () => {
    ehr.rateLimit = { requests: 1, perMs: 60_000, retryAfter: 'seconds' };
    expect((await ask('GET', '/Patient/p1')).status).toBe(200);
    const refused = await ask('GET', '/Patient/p1');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^(59|60)$/)]);
    ehr.rateLimit = { ...ehr.rateLimit, retryAfter: 'http-date' };
    const until = Date.parse((await ask('GET', '/Patient/p1')).headers.get('retry-after') ?? '');
    expect(until - Date.now()).toBeGreaterThan(50_000);
  });

  it('lets requests through again once the while is over', async () => {
    ehr.rateLimit = { requests: 1, perMs: 2_000, retryAfter: 'seconds' };
    await ask('GET', '/Patient/p1');
    expect((await ask('GET', '/Patient/p1')).status).toBe(429);
    await new Promise((resolve) => setTimeout(resolve, 2_050));
    expect((await ask('GET', '/Patient/p1')).status).toBe(200);
  });

  it('can answer anything in its place, before anything is done', async () => {
    const headers = { 'content-type': 'text/html' };
    ehr.before = () => ({ kind: 'reply', status: 502, headers, body: '<html>Bad gateway</html>' });
    const answer = await ask('POST', '/Observation', observation());
    expect([answer.status, answer.text]).toEqual([502, '<html>Bad gateway</html>']);
    expect(ehr.held()).toHaveLength(3);
  });

  it('can say nothing, before or after it was done', async () => {
    const waiting = (): Promise<Told> =>
      Promise.race([
        ask('POST', '/Observation', observation()),
        new Promise<never>((_, reject) => setTimeout(() => reject(new Error('still waiting')), 200)),
      ]);
    ehr.before = () => ({ kind: 'hang' });
    await expect(waiting()).rejects.toThrow('still waiting');
    expect(ehr.held()).toHaveLength(3);
    ehr.reset();
    ehr.seed({ resourceType: 'Patient', id: 'p1' });
    ehr.after = () => ({ kind: 'hang' });
    await expect(waiting()).rejects.toThrow('still waiting');
    expect(ehr.held()).toHaveLength(2);
  });

  it('can break off in the middle of what it answers', async () => {
    ehr.after = (_asked, answer) => ({ ...answer, kind: 'cut', body: answer.body?.slice(0, 20) ?? '' });
    await expect(ask('GET', '/Patient/p1')).rejects.toThrow(/terminated/);
  });

  it('remembers what it was asked', async () => {
    await ask('GET', '/Patient/p1');
    expect(ehr.asked.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET Patient/p1']);
  });
});
