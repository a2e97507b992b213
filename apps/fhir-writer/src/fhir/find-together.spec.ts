import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bundle, Patient } from '@medplum/fhirtypes';
import { startScriptedFhir, type FhirQuestion, type ScriptedFhir } from '../../../../test/support/scripted-fhir.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
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

  it('are never more than 33 in a list, with the one that is known to be there', async () => {
    await knowingOne();
    const values = Array.from({ length: 70 }, (_, n) => `N${n}`);
    expect(await all(...values, 'A')).toEqual([...values.map(() => []), ['1']]);
    expect(asked.map((list) => [list.length, list.at(-1)])).toEqual([
      [33, 'W'],
      [33, 'W'],
      [8, 'W'],
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

  describe('while the server is busy', () => {
    let busy: AbortController;

    beforeEach(async () => {
      await knowingOne();
      busy = new AbortController();
      lists = 'hang';
      const errand = { signal: busy.signal, secrets: [] };
      for (const value of ['D,E', 'C']) void find.find({ system, value }, errand);
      await waitFor(() => asked.length === 1);
      lists = 'found';
      asked = [];
    });

    afterEach(() => busy.abort());

    /** One after another, so many milliseconds apart. */
    const coming = (values: readonly string[], apartMs: number): Promise<(string[] | string)[][]> =>
      Promise.all(values.map((value, n) => pause(apartMs * n).then(() => all(value))));

    it('is asked for with those that keep coming', async () => {
      expect(await coming(['A', 'B', 'X', 'Y'], 15)).toEqual([[['1']], [['2', '3']], [[]], [[]]]);
      expect(asked).toEqual([['A', 'B', 'X', 'Y', 'W']]);
    });

    it('is not kept waiting by those that never stop coming', async () => {
      const values = Array.from({ length: 30 }, (_, n) => `N${n}`);
      expect(await coming(values, 20)).toEqual(values.map(() => [[]]));
      expect(asked.length).toBeGreaterThan(1);
      expect(asked.flatMap((list) => list.filter((one) => one !== 'W'))).toEqual(values);
    });
  });
});
