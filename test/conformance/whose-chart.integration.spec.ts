import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DiagnosticReport, Patient } from '@medplum/fhirtypes';
import { waitFor, type Role } from '../support/index.ts';
import { reply, type Asked, type Reply } from '../support/serve-fhir.ts';
import { startStrictEhr, type StrictEhr } from '../support/strict-ehr.ts';
import { answer } from './answers.ts';
import { identityCases, issuers, type IdentityCase } from './identity-cases.ts';
import { patientSystem, startWriterRig, type Writer, type WriterRig } from './writer-rig.ts';

let rig: WriterRig;
let writer: Writer;
let strict: StrictEhr;
let lenient: StrictEhr;
let listless: StrictEhr;

const destinations = ['strict', 'lenient', 'listless'] as const;
type Destination = (typeof destinations)[number];
const ehrOf = (name: Destination): StrictEhr => ({ strict, lenient, listless })[name];

beforeAll(async () => {
  rig = await startWriterRig();
  [strict, lenient, listless] = await Promise.all([
    startStrictEhr(rig.identity),
    startStrictEhr(rig.identity),
    startStrictEhr(rig.identity),
  ]);
  lenient.before = (asked) => everything(lenient, asked);
  listless.before = (asked) => firstOnly(listless, asked);
  for (const { records } of identityCases) for (const name of destinations) ehrOf(name).seed(...records);
  writer = await rig.startWriter({
    ehr: destination('strict'),
    others: [destination('lenient'), destination('listless')],
    quarantineRecheckMs: 600_000,
  });
  await rig.say(...identityCases.map(({ said }) => said));
  await waitFor(
    async () => {
      const [waiting] = await rig.rows<{ n: string; rows: string }>(
        `select count(*) filter (where status = 'due') as n, count(*) as rows from delivery`,
      );
      return waiting?.n === '0' && Number(waiting.rows) === identityCases.length * destinations.length;
    },
    { timeout: 90_000, interval: 500, what: 'every case has ended' },
  );
}, 600_000);

afterAll(async () => {
  await strict?.stop();
  await lenient?.stop();
  await listless?.stop();
  await rig?.stop();
}, 60_000);

const destination = (name: Destination) => ({
  kind: 'fhir',
  name,
  baseUrl: ehrOf(name).baseUrl,
  tokenUrl: rig.identity.tokenUrl,
  clientId: rig.identity.fhirWriter.clientId,
  keyFile: rig.identity.fhirWriter.keyFile,
  scope: 'system/*.cruds',
  patients: { rule: 'resolve', identifierSystem: patientSystem, issuers: issuers.patients },
  accessions: issuers.accessions,
  requestsPerSecond: 1_000,
});

const page = 60;

/** A server that does not know a search parameter and answers with all it has, page by page. */
function everything(ehr: StrictEhr, { method, path, query }: Asked): Reply | undefined {
  const type = path.split('/')[0] ?? '';
  const from = Number(query.get('from') ?? 0);
  if (!path.endsWith('/_search') && !(method === 'GET' && query.has('from'))) return undefined;
  const all = ehr.held().filter(({ resourceType }) => resourceType === type);
  const next = `${ehr.baseUrl}/${type}?from=${from + page}`;
  return reply(200, {
    resourceType: 'Bundle',
    type: 'searchset',
    total: all.length,
    entry: all.slice(from, from + page).map((resource) => ({ resource })),
    ...(from + page < all.length ? { link: [{ relation: 'next', url: next }] } : {}),
  });
}

let listsSeen = 0;

/** A server that knows no lists of identifiers: it takes the first for all. */
function firstOnly(ehr: StrictEhr, { path, query }: Asked): Reply | undefined {
  const [first = '', ...others] = (query.get('identifier') ?? '').split(/(?<!\\),/);
  if (!path.endsWith('/_search') || others.length === 0) return undefined;
  listsSeen += 1;
  const [, system, value] = /^(.*?)\|(.*)$/.exec(first) ?? [];
  const found = ehr.held().filter((one) => {
    const identifiers = one.resourceType === path.split('/')[0] && 'identifier' in one ? one.identifier : undefined;
    return Array.isArray(identifiers) && identifiers.some((each) => each.system === system && each.value === value);
  });
  const entry = found.map((resource) => ({ resource }));
  return reply(200, { resourceType: 'Bundle', type: 'searchset', total: entry.length, entry });
}

async function standingOf(study: string, name: Destination): Promise<string> {
  const [row] = await rig.rows<{ status: string; reason: string | null }>(
    'select status, reason from delivery where study_instance_uid = $1 and destination = $2',
    [study, name],
  );
  return row?.status === 'told' ? 'filed' : row?.status === 'quarantined' ? `${row.reason}` : `${row?.status}`;
}

/** Whose chart each report of a study is in. */
const chartsOf = (study: string, name: Destination): (string | undefined)[] =>
  ehrOf(name)
    .held()
    .filter((one): one is DiagnosticReport & { id: string } => one.resourceType === 'DiagnosticReport')
    .filter(({ identifier }) => identifier?.some(({ value }) => value?.startsWith(study)))
    .map(({ subject }) => subject?.reference);

describe.each(destinations)('at a server that is %s', (name) => {
  it.each(identityCases.map((one) => [one.name, one] as const))('%s', async (_, { said, truth, expected }) => {
    const { studyInstanceUid } = said.study;
    expect(await standingOf(studyInstanceUid, name)).toBe(expected);
    expect(chartsOf(studyInstanceUid, name)).toEqual(expected === 'filed' ? [truth] : []);
  });

  it('nothing is in the chart of somebody else', () => {
    const outcomes = identityCases.map((one) => outcomeOf(one, name));
    const count = (wanted: string) => outcomes.filter((one) => one === wanted).length;
    const [right, quarantined, wrong] = [count('right'), count('quarantined'), count('wrong')];
    process.stdout.write(
      `${name}: ${outcomes.length} cases, ${right} filed right, ${quarantined} quarantined, ${wrong} wrong\n`,
    );
    expect(outcomes.length).toBeGreaterThanOrEqual(40);
    expect(right).toBeGreaterThan(0);
    expect(wrong).toBe(0);
  });
});

function outcomeOf({ said, truth }: IdentityCase, name: Destination): 'right' | 'quarantined' | 'wrong' {
  const charts = chartsOf(said.study.studyInstanceUid, name);
  if (charts.length === 0) return 'quarantined';
  return charts.every((chart) => chart !== undefined && chart === truth) ? 'right' : 'wrong';
}

it('the server that knows no lists was asked for some', () => {
  expect(listsSeen).toBeGreaterThan(0);
});

describe('the quarantine', () => {
  const ask = async (path: string, who: Role | undefined, body?: object): Promise<Response> =>
    fetch(`${writer.url}/quarantine${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        ...(who === undefined ? {} : { authorization: `Bearer ${await rig.identity.token(who)}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  const person = (id: string, more: Partial<Patient> = {}): Patient => ({
    resourceType: 'Patient',
    id,
    active: true,
    name: [{ family: 'Quill', given: ['Zephyrine'] }],
    ...more,
  });

  /** In quarantine, since nobody has the number. */
  async function waiting(): Promise<{ study: string; key: Record<string, unknown> }> {
    const said = answer();
    const study = said.study.studyInstanceUid;
    await rig.say(said);
    await waitFor(async () => (await standingOf(study, 'strict')) === 'no-such-patient');
    const key = { studyInstanceUid: study, model: 'chest-xray-paediatric', generation: 1, destination: 'strict' };
    return { study, key };
  }

  const audited = async (study: string, code: string) =>
    (
      await rig.rows<{ value: string }>(
        "select value from outbox where topic = 'audit.recorded.v1' and key = $1 and value::jsonb -> 'type' ->> 'code' = $2",
        [study, code],
      )
    ).map(
      ({ value }) =>
        JSON.parse(value) as { outcomeText?: string; agent: { kind: string; name: string; role?: string } },
    );

  it.each([
    [undefined, 401],
    ['clinician', 403],
    ['radiologist', 403],
    ['compliance', 403],
  ] as const)('is shut to %s: %i, for looking and for deciding', async (who, status) => {
    const { study, key } = await waiting();
    const release = { ...key, patient: 'Patient/vouched', reason: 'it is hers' };
    const answers = [
      await ask('', who),
      await ask('/release', who, release),
      await ask('/reject', who, { ...key, reason: 'nobody knows' }),
    ];
    expect(answers.map((one) => one.status)).toEqual([status, status, status]);
    expect(await standingOf(study, 'strict')).toBe('no-such-patient');
  });

  it('shows an operator what waits and what the images say, is not cached, and notes who looked', async () => {
    const { study, key } = await waiting();
    const looked = await ask('', 'operator');
    expect(looked.status).toBe(200);
    expect(looked.headers.get('cache-control')).toBe('no-store');
    const { waiting: all } = (await looked.json()) as { waiting: { studyInstanceUid: string; destination: string }[] };
    expect(all.find((one) => one.studyInstanceUid === study && one.destination === 'strict')).toMatchObject({
      ...key,
      reason: 'no-such-patient',
      patient: { name: 'Quill^Zephyrine', birthDate: '2022-05-06', sex: 'F' },
    });
    const views = await rig.rows<{ value: string }>(
      "select value from outbox where topic = 'audit.recorded.v1' and key = 'quarantine'",
    );
    expect(JSON.parse(views.at(-1)?.value ?? '{}')).toMatchObject({
      action: 'R',
      agent: { kind: 'person', role: 'operator' },
    });
  });

  it('files what is released to the record that a person names, and notes who', async () => {
    strict.seed(person('vouched'));
    const { study, key } = await waiting();
    const released = await ask('/release', 'operator', { ...key, patient: 'Patient/vouched', reason: 'it is hers' });
    expect(released.status).toBe(204);
    await waitFor(async () => (await standingOf(study, 'strict')) === 'filed');
    expect(chartsOf(study, 'strict')).toEqual(['Patient/vouched']);
    await waitFor(async () => (await standingOf(study, 'lenient')) === 'no-such-patient');
    const [event, ...others] = await audited(study, 'quarantine-released');
    expect(others).toEqual([]);
    expect(event).toMatchObject({ outcomeText: 'it is hers', agent: { kind: 'person', role: 'operator' } });
    expect(event?.agent.name).not.toBe('');
    const again = await ask('/release', 'operator', { ...key, patient: 'Patient/vouched', reason: 'once more' });
    expect(again.status).toBe(409);
  });

  it('files nothing that is rejected, and notes who', async () => {
    const { study, key } = await waiting();
    expect((await ask('/reject', 'operator', { ...key, reason: 'a phantom' })).status).toBe(204);
    expect(await standingOf(study, 'strict')).toBe('not-needed');
    expect(chartsOf(study, 'strict')).toEqual([]);
    expect(await audited(study, 'quarantine-rejected')).toMatchObject([
      { outcomeText: 'a phantom', agent: { kind: 'person', role: 'operator' } },
    ]);
    expect((await ask('/reject', 'operator', { ...key, reason: 'a phantom' })).status).toBe(409);
  });

  it.each<[string, Patient | undefined, string]>([
    ['is not there', undefined, 'no-such-patient'],
    ['is inactive', person('asleep', { active: false }), 'record-not-active'],
    [
      'was replaced',
      person('merged', { link: [{ type: 'replaced-by', other: { reference: 'Patient/vouched' } }] }),
      'record-not-active',
    ],
  ])('takes back what is released to a record that %s', async (_, record, reason) => {
    if (record !== undefined) strict.seed(record);
    const { study, key } = await waiting();
    const patient = `Patient/${record?.id ?? 'nobody'}`;
    expect((await ask('/release', 'operator', { ...key, patient, reason: 'it is hers' })).status).toBe(204);
    await waitFor(async () => {
      const standing = await standingOf(study, 'strict');
      return standing === reason && (await audited(study, 'patient-quarantined')).length >= 2;
    });
    expect(chartsOf(study, 'strict')).toEqual([]);
  });

  it.each([
    ['a record that is no Patient/ID', { patient: 'Practitioner/1' }],
    ['no reason', { patient: 'Patient/1', reason: ' ' }],
    ['something it does not know', { patient: 'Patient/1', force: true }],
  ])('refuses a release with %s, and leaves it where it is', async (_, more) => {
    const { study, key } = await waiting();
    expect((await ask('/release', 'operator', { ...key, reason: 'it is hers', ...more })).status).toBe(400);
    expect(await standingOf(study, 'strict')).toBe('no-such-patient');
  });

  it('leaves no word of a patient in the log', async () => {
    const log = await readFile(writer.logFile, 'utf8');
    expect(log).toContain('report-delivered');
    expect(log).not.toMatch(/Zephyrine|Quill|2022-05-06|Jones|Yamada|case\d+-/);
  });
});
