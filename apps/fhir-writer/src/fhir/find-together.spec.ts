import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle, Patient } from '@medplum/fhirtypes';
import { startScriptedFhir, type FhirQuestion, type ScriptedFhir } from '../../../../test/support/scripted-fhir.ts';
import { BackendToken } from './backend-token.ts';
import { FhirClient } from './fhir-client.ts';
import { FindTogether } from './find-together.ts';

const system = 'urn:example:patients';
const record = (id: string, value: string): Patient => ({
  resourceType: 'Patient',
  id,
  identifier: [{ system, value }],
});
const records = [record('1', 'A'), record('2', 'B'), record('3', 'B'), record('4', 'D,E'), record('5', 'W')];

/** What the server makes of a list of identifiers. */
let lists: 'found' | 'first-only' | 'refused' | 'hang' | 'without-end' = 'found';
let asked: string[][] = [];
let server: ScriptedFhir;
let client: FhirClient;
let find: FindTogether<Patient>;

function answer({ form }: FhirQuestion): { status: number; body: unknown } | undefined {
  const wanted = (form.get('identifier') ?? '')
    .split(/(?<!\\),/)
    .map((one) => one.slice(system.length + 1).replaceAll('\\', ''));
  asked.push(wanted);
  const isList = wanted.length > 1;
  if (isList && lists === 'hang') return undefined;
  if (isList && lists === 'refused')
    return { status: 400, body: { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'invalid' }] } };
  if (wanted.includes('refused')) return { status: 422, body: { resourceType: 'OperationOutcome', issue: [] } };
  const looked = isList && lists === 'first-only' ? wanted.slice(0, 1) : wanted;
  const found = records.filter(({ identifier }) => identifier?.some(({ value = '' }) => looked.includes(value)));
  const copies = isList && lists === 'without-end' ? Array.from({ length: 100 }, () => found).flat() : found;
  const body: Bundle = { resourceType: 'Bundle', type: 'searchset', entry: copies.map((resource) => ({ resource })) };
  return { status: 200, body };
}

beforeAll(async () => {
  server = await startScriptedFhir(answer);
});

afterAll(() => server.stop());

beforeEach(() => {
  client = new FhirClient(server.baseUrl, new BackendToken(server.credentials));
  find = new FindTogether(client, 'Patient');
  lists = 'found';
  asked = [];
});

/** Ids of the records found for each, or how its search ended. */
async function all(...values: string[]): Promise<(string[] | string)[]> {
  const errand = { signal: AbortSignal.timeout(10_000), secrets: [] };
  const answers = await Promise.all(values.map((value) => find.find({ system, value }, errand)));
  return answers.map((one) => (one.kind === 'ok' ? one.body.map(({ id = '' }) => id) : one.kind));
}

/** Once it knows of one that is there. */
async function knowingOne(): Promise<void> {
  await all('W');
  asked = [];
}

describe('records that are asked for at the same time', () => {
  it('are found by one search, and each who asked gets those that carry its identifier', async () => {
    expect(await all('A', 'B', 'D,E')).toEqual([['1'], ['2', '3'], ['4']]);
    expect(asked).toEqual([['A', 'B', 'D,E']]);
  });

  it('are never more than ten in a list, with the one that is known to be there', async () => {
    await knowingOne();
    const values = Array.from({ length: 20 }, (_, n) => `N${n}`);
    expect(await all(...values, 'A')).toEqual([...values.map(() => []), ['1']]);
    expect(asked.map((list) => [list.length, list.at(-1)])).toEqual([
      [10, 'W'],
      [10, 'W'],
      [4, 'W'],
    ]);
  });

  it('are not there where the list had one more that is', async () => {
    await knowingOne();
    expect(await all('A', 'C', 'X')).toEqual([['1'], [], []]);
    expect(asked).toEqual([['A', 'C', 'X', 'W']]);
  });

  it('are asked for one by one where nothing is known to be there', async () => {
    expect(await all('C', 'A', 'X')).toEqual([[], ['1'], []]);
    expect(asked).toEqual([['C', 'A', 'X'], ['C'], ['X']]);
  });

  it('are asked for one by one where the one that is there is missing in the answer', async () => {
    await knowingOne();
    lists = 'first-only';
    expect(await all('C', 'A', 'B')).toEqual([[], ['1'], ['2', '3']]);
    expect(asked).toEqual([['C', 'A', 'B', 'W'], ['C'], ['A'], ['B']]);
  });

  it('may be written by us, which is as good as found', async () => {
    find.isThere({ system, value: 'W' });
    expect(await all('C', 'A')).toEqual([[], ['1']]);
    expect(asked).toEqual([['C', 'A', 'W']]);
  });

  it.each(['refused', 'without-end'] as const)('are asked for one by one where the list is %s', async (how) => {
    await knowingOne();
    lists = how;
    expect(await all('A', 'B', 'C')).toEqual([['1'], ['2', '3'], []]);
    expect(asked).toHaveLength(4);
  });

  it('each has its own end where one of them is refused', async () => {
    await knowingOne();
    expect(await all('A', 'refused', 'B')).toEqual([['1'], 'failed', ['2', '3']]);
  });

  it('are found for the others where somebody gives up', async () => {
    await knowingOne();
    lists = 'hang';
    const given = { signal: AbortSignal.timeout(100), secrets: [] };
    const patient = { signal: AbortSignal.timeout(10_000), secrets: [] };
    const [first, second] = await Promise.all([
      find.find({ system, value: 'A' }, given),
      find.find({ system, value: 'B' }, patient),
    ]);
    expect(first.kind).toBe('failed');
    expect(second).toMatchObject({ kind: 'ok', body: [{ id: '2' }, { id: '3' }] });
  });
});

describe('a record that nobody else asks for anything beside', () => {
  it('is asked for alone', async () => {
    await knowingOne();
    expect(await all('A')).toEqual([['1']]);
    expect(asked).toEqual([['A']]);
  });

  it('is asked for with those that come while the server is busy', async () => {
    await knowingOne();
    const errand = { signal: AbortSignal.timeout(10_000), secrets: [] };
    const busy = client.read<Patient>('Patient/1', errand);
    const one = all('A');
    await new Promise((resolve) => setTimeout(resolve, 5));
    const other = all('B');
    expect(await Promise.all([one, other])).toEqual([[['1']], [['2', '3']]]);
    await busy;
    expect(asked).toContainEqual(['A', 'B', 'W']);
  });
});
