import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Patient } from '@medplum/fhirtypes';
import { freePort, waitFor } from '../support/index.ts';
import type { Answer, Asked } from '../support/serve-fhir.ts';
import { startStrictEhr, type StrictEhr } from '../support/strict-ehr.ts';
import { answer } from './answers.ts';
import { startFhirProxy, type FhirProxy } from './fhir-proxy.ts';
import { serverAnswers, type ServerAnswer } from './server-answers.ts';
import { patientSystem, startWriterRig, type Writer, type WriterRig } from './writer-rig.ts';

/** One server of its own for each answer, and the same report for all of them. */
interface Tried {
  readonly row: ServerAnswer;
  readonly name: string;
  readonly ehr: StrictEhr;
  /** When what the row is about was asked. */
  readonly met: number[];
  /** When anything was asked. */
  readonly asked: number[];
  readonly wire?: FhirProxy;
  readonly tokens?: TokenDoor;
  isWell: boolean;
}

interface TokenDoor {
  readonly url: string;
  answer: () => Answer | undefined;
  stop(): void;
}

/** What a delivery row once was. */
interface Stood {
  status: string;
  reason: string | null;
  attempt: number;
  at: Date;
}

let rig: WriterRig;
let writer: Writer;
let tried: Tried[];

const patient: Patient = {
  resourceType: 'Patient',
  id: 'quill',
  active: true,
  identifier: [{ system: patientSystem, value: 'Q4711' }],
  name: [{ family: 'Quill', given: ['Zephyrine'] }],
  birthDate: '2022-05-06',
  gender: 'female',
};
const said = answer({ images: 2, patient: { id: 'Q4711' } });
const study = said.study.studyInstanceUid;

beforeAll(async () => {
  rig = await startWriterRig();
  tried = await Promise.all(serverAnswers.map(prepare));
  const [first, ...others] = tried.map(destinationOf);
  writer = await rig.startWriter({ ehr: first ?? {}, others });
  await keepHistory();
  for (const one of tried) await misbehave(one);
  await rig.say(said);
  await Promise.all(tried.map(settle));
}, 600_000);

afterAll(async () => {
  for (const { ehr, wire, tokens } of tried ?? []) {
    await ehr.stop();
    await wire?.disconnect();
    tokens?.stop();
  }
  await rig?.stop();
}, 60_000);

async function prepare(row: ServerAnswer, n: number): Promise<Tried> {
  const ehr = await startStrictEhr(rig.identity);
  ehr.seed(patient);
  const wire = row.fault === 'away' ? await startFhirProxy(ehr.baseUrl, await freePort()) : undefined;
  const tokens = row.at === 'token' ? await startTokenDoor() : undefined;
  return {
    row,
    name: `server-${n}`,
    ehr,
    met: [],
    asked: [],
    isWell: false,
    ...(wire === undefined ? {} : { wire }),
    ...(tokens === undefined ? {} : { tokens }),
  };
}

const destinationOf = ({ row, name, ehr, wire, tokens }: Tried) => ({
  ...destination(name, wire?.baseUrl ?? ehr.baseUrl, tokens?.url),
  ...row.settings,
});

const destination = (name: string, baseUrl: string, tokenUrl = rig.identity.tokenUrl) => ({
  kind: 'fhir',
  name,
  baseUrl,
  tokenUrl,
  clientId: rig.identity.fhirWriter.clientId,
  keyFile: rig.identity.fhirWriter.keyFile,
  scope: 'system/*.cruds',
  patients: { rule: 'resolve', identifierSystem: patientSystem },
  // Requests are counted.
  feedback: 'off',
});

/** A token endpoint that hands on what the identity provider gives, or answers otherwise. */
async function startTokenDoor(): Promise<TokenDoor> {
  const server = createServer((request, response) => {
    void (async () => {
      request.resume();
      const own = door.answer();
      if (own?.kind === 'hang') return;
      if (own?.kind === 'reply') return response.writeHead(own.status, own.headers).end(own.body);
      const token = await rig.identity.token('system');
      return response.end(JSON.stringify({ access_token: token, expires_in: 300 }));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const door: TokenDoor = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    answer: () => undefined,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
  return door;
}

async function misbehave(one: Tried): Promise<void> {
  const { row, ehr, wire, tokens, met } = one;
  const { fault } = row;
  if (fault === 'away') {
    await wire?.disconnect();
    return;
  }
  const answerOf = (): Answer | undefined => {
    met.push(Date.now());
    const isOver = one.isWell || (row.times !== undefined && met.length > row.times);
    return isOver ? undefined : typeof fault === 'function' ? fault() : fault;
  };
  if (tokens !== undefined) tokens.answer = answerOf;
  const concerns = ({ method, path }: Asked) =>
    method === 'POST' && path === (row.at === 'create' ? 'DiagnosticReport' : 'DiagnosticReport/_search');
  ehr.before = (asked) => {
    one.asked.push(Date.now());
    return row.lost !== true && tokens === undefined && concerns(asked) ? answerOf() : undefined;
  };
  ehr.after = (asked, done) => (row.lost === true && concerns(asked) ? answerOf() : undefined) ?? done;
}

/** Everything that delivery rows were between two tries, which nobody who only looks now and then would see. */
async function keepHistory(): Promise<void> {
  await rig.rows(`create table stood (study text, destination text, status text, reason text, attempt integer,
    at timestamptz not null default clock_timestamp())`);
  await rig.rows(`create function keep_history() returns trigger language plpgsql as $$ begin
    insert into stood values (new.study_instance_uid, new.destination, new.status, new.reason, old.attempt);
    return new; end $$`);
  await rig.rows(`create trigger history after update on delivery for each row
    when (old.leased_until is not null and new.leased_until is null) execute function keep_history()`);
}

const stood = ({ name }: Tried) =>
  rig.rows<Stood>('select status, reason, attempt, at from stood where study = $1 and destination = $2 order by at', [
    study,
    name,
  ]);

/** Until the first try has ended; then the server is well, and it is seen how it ends. */
async function settle(one: Tried): Promise<void> {
  const { row, name } = one;
  const ended = row.ends === 'refused' ? ['refused'] : ['due', 'told'];
  const what = (until: string) => ({ timeout: 90_000, interval: 300, what: `${row.answer} at ${row.at}: ${until}` });
  await waitFor(async () => (await stood(one)).some(({ status }) => ended.includes(status)), what(`${name} ended`));
  one.isWell = true;
  await one.wire?.connect();
  if (row.ends === 'refused') return;
  await waitFor(async () => (await stood(one)).some(({ status }) => status === 'told'), what(`${name} told`));
}

const ofStudy = ({ ehr }: Tried, type: string) =>
  ehr
    .held()
    .filter(
      (one) => one.resourceType === type && JSON.stringify('identifier' in one && one.identifier).includes(study),
    );

const audits = async () =>
  (
    await rig.rows<{ value: string }>("select value from outbox where topic = 'audit.recorded.v1' and key = $1", [
      study,
    ])
  ).map(({ value }) => JSON.parse(value) as { type: { code: string }; entities: { detail?: string }[] });

describe.each(serverAnswers.map((row, n) => [row.answer, row.at, n] as const))('%s to %s', (_, __, n) => {
  const one = (): Tried => {
    const found = tried[n];
    if (found === undefined) throw new Error('not tried');
    return found;
  };
  const { ends, reason, asked, rests } = serverAnswers[n] ?? { ends: 'told', asked: 0 };

  it('is said by the delivery, after as many requests as the paper says', async () => {
    const all = await stood(one());
    const first = all.find(({ status }) => ends !== 'refused' || status === 'refused');
    expect(first).toMatchObject({
      status: ends === 'later' ? 'due' : ends,
      reason: reason ?? null,
      attempt: one().row.settings?.attempts ?? 1,
    });
    expect(one().met.filter((at) => at <= (first?.at.getTime() ?? 0))).toHaveLength(asked);
  });

  if (ends === 'refused') {
    it('leaves no report, an audit event, and a server that is not asked again though it is well', async () => {
      const last = (await stood(one())).at(-1);
      expect(last?.status).toBe('refused');
      expect(one().asked.filter((at) => at > (last?.at.getTime() ?? 0))).toEqual([]);
      expect(ofStudy(one(), 'DiagnosticReport')).toEqual([]);
      const told = (await audits()).filter(({ type }) => type.code === 'report-refused');
      const names = told.map(({ entities }) => entities.at(-1)?.detail?.split(':')[0]);
      expect(names.filter((name) => name === one().name)).toHaveLength(1);
    });
  } else {
    it('leaves one report and each finding once', async () => {
      expect((await stood(one())).at(-1)).toMatchObject({ status: 'told', reason: null });
      expect(ofStudy(one(), 'DiagnosticReport')).toHaveLength(1);
      expect(ofStudy(one(), 'Observation')).toHaveLength(2);
    });
  }

  if (rests !== undefined) {
    it('has the server left alone as long as it wished', async () => {
      const [first, second] = one().met;
      expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(rests * 1_000);
      const between = one().asked.filter((at) => at > (first ?? 0) && at < (first ?? 0) + rests * 1_000);
      expect(between).toEqual([]);
    });
  }
});

describe('whatever a server answers', () => {
  it('neither a row, nor an audit event, nor a log line names the patient', async () => {
    const rows = await rig.rows<{ reason: string | null }>('select reason from stood');
    const log = await readFile(writer.logFile, 'utf8');
    const everything = [...rows.map((row) => row.reason), JSON.stringify(await audits()), log].join('\n');
    expect(everything).toContain(study);
    expect(everything).not.toMatch(/Zephyrine|Quill|2022-05-06|Q4711/);
  });
});

describe('a delivery whose tries never come to an end', () => {
  it('is refused with the reason after as many as the site allows, and the server is not asked', async () => {
    const one = tried.find(({ row }) => row.ends === 'told');
    if (one === undefined) throw new Error('no server that was told');
    const before = one.asked.length;
    await rig.rows(`update delivery set status = 'due', attempt = 300, not_before = now() where destination = $1`, [
      one.name,
    ]);
    await waitFor(async () => (await stood(one)).at(-1)?.status === 'refused');
    expect((await stood(one)).at(-1)).toMatchObject({ reason: 'tried too often without an end', attempt: 301 });
    expect(one.asked).toHaveLength(before);
  });
});

describe('one server', () => {
  let ehr: StrictEhr;

  beforeEach(async () => {
    await writer.stop();
    ehr = await startStrictEhr(rig.identity);
    ehr.seed(patient);
  });

  afterEach(() => ehr.stop());

  it('that keeps failing is left in peace after five failures in a row; then one try goes ahead', async () => {
    const tries: number[] = [];
    // Its patients are the first thing it is asked for: three requests a try.
    ehr.before = ({ path }) => {
      if (path !== 'Patient/_search') return undefined;
      tries.push(Date.now());
      return { kind: 'reply', status: 500 };
    };
    writer = await rig.startWriter({ ehr: { ...destination('breaker', ehr.baseUrl), atOnce: 1 } });
    await rig.say(...Array.from({ length: 8 }, () => answer({ patient: { id: 'Q4711' } })));
    await waitFor(() => tries.length >= 15, { timeout: 60_000 });
    const fifth = tries[14] ?? 0;
    await waitFor(() => tries.length >= 18, { timeout: 60_000 });
    expect((tries[15] ?? 0) - fifth).toBeGreaterThanOrEqual(4_900);
    // Twice as long now, and never two at a time.
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect(tries).toHaveLength(18);
  }, 120_000);

  it('that hangs on some reports is told the others in the places that are left', async () => {
    const studies = Array.from({ length: 7 }, () => answer({ patient: { id: 'Q4711' } }));
    const [hanging, others] = [studies.slice(0, 3), studies.slice(3)];
    let stuck: string[] = [];
    ehr.before = ({ path, body }) => {
      if (path !== 'ImagingStudy/_search') return undefined;
      const which = hanging.map((one) => one.study.studyInstanceUid).filter((uid) => body.includes(uid));
      stuck = [...stuck, ...which];
      return which.length === 0 ? undefined : { kind: 'hang' };
    };
    writer = await rig.startWriter({
      ehr: { ...destination('stuck', ehr.baseUrl), atOnce: 4, requestTimeoutMs: 40_000 },
    });
    await rig.say(...hanging);
    await waitFor(() => stuck.length === hanging.length);
    await rig.say(...others);
    await waitFor(async () => {
      const told = await rig.rows(`select 1 from delivery where destination = 'stuck' and status = 'told'`);
      return told.length === others.length;
    });
    // Nobody has given up on them meanwhile.
    expect(stuck).toHaveLength(hanging.length);
  }, 120_000);
});
