import { randomUUID } from 'node:crypto';
import type { Bundle } from '@medplum/fhirtypes';
import type { InferenceCompleted } from '@sightline/contracts';
import { uidFromUuid } from '@sightline/dicom';
import { Client } from 'pg';
import { answer } from '../../conformance/answers.ts';
import { person } from '../../conformance/records.ts';
import type { WriterRig } from '../../conformance/writer-rig.ts';
import { waitFor } from '../../support/index.ts';
import { quantile } from '../quantile.ts';
import { StandIn } from './stand-in.ts';
import { layWire, type Wire } from './wire.ts';

export interface Ratio {
  /** `writer` over `server`: the median of the rounds. */
  ratioToServer: number;
  /** `writer` over `busyServer`: the median of the rounds. */
  ratioToBusyServer: number;
  /** Raw posts at once. */
  concurrency: number;
  /** Reports a second: the median of the rounds. */
  writer: number;
  /** Bundles a second that are posted raw while the writer has nothing to do. */
  server: number;
  /** The same while the writer tells somebody else as many. */
  busyServer: number;
  rounds: Round[];
}

export interface Round {
  writer: number;
  server: number;
  busyServer: number;
}

/** Puts beside an answer what its report shows. */
export type Show = (answer: InferenceCompleted) => InferenceCompleted;

export interface Comparison {
  show: Show;
  studies: number;
  rounds: number;
  writers: number;
  onRound: (n: number, round: Round) => void;
}

/** Answers that are not told yet, while there are any left. */
const waiting = 128;
/** Raw posts at once to choose from: what a server can do, both less and more would show. */
const concurrencies = [2, 4, 8];
/** Reports that are not counted as the queue fills, nor as it empties. */
const mostRamp = 64;
/** How often each concurrency is tried before one is chosen; the first time only warms both up. */
const trials = 3;

/**
 * The same bundle, told by the writer and posted by nothing but a client, in turns on the same server. Whoever works beside a server
 * shares its caches and its memory, and takes some per cent of what it can do; in a hospital they stand on machines of their own. How
 * much that is shows where the writer tells a stand-in a report for each bundle that is posted raw; who posts is busy beside the server
 * then, too, so that it is rather too much than too little.
 */
export async function compareWithServer(
  rig: WriterRig,
  { show, studies, rounds, writers, onRound }: Comparison,
): Promise<Ratio> {
  const patients = await makePatients(rig, studies);
  const recording = await rig.startWriter({ patients: { rule: 'resolve' } });
  const recorded = await record(rig, show, patients);
  await recording.stop();
  const wire = await layWire(portOf(rig.server));
  const parts: Parts = { rig, wire, show, recorded, patients };
  const database = new Client({ connectionString: rig.postgresOfServer.adminUrlFor('fhir') });
  const calm: Calm = async (phase) => {
    await tidy(database);
    return phase();
  };
  const all: Round[] = [];
  try {
    await database.connect();
    const baseUrl = new URL(rig.server.baseUrl);
    baseUrl.port = String(wire.port);
    // What people make of reports is asked now and then, and would find the bundles posted raw.
    const site = { patients: { rule: 'resolve' }, ehr: { baseUrl: baseUrl.href, feedback: 'off' } };
    const running = await Promise.all(Array.from({ length: writers }, () => rig.startWriter(site)));
    await database.query('alter system set autovacuum = off');
    await database.query('select pg_reload_conf()');
    const concurrency = await bestConcurrency(parts, calm);
    for (let round = 1; round <= rounds; round++) {
      const one = {
        server: await calm(() => postRaw(parts, concurrency)),
        writer: await calm(() => tell(parts)),
        busyServer: await calm(() => postRawBesideWriter(parts, concurrency)),
      };
      onRound(round, one);
      all.push(one);
    }
    await Promise.all(running.map((one) => one.stop()));
    return {
      ratioToServer: median(all.map(({ writer, server }) => writer / server)),
      ratioToBusyServer: median(all.map(({ writer, busyServer }) => writer / busyServer)),
      concurrency,
      writer: median(all.map(({ writer }) => writer)),
      server: median(all.map(({ server }) => server)),
      busyServer: median(all.map(({ busyServer }) => busyServer)),
      rounds: all,
    };
  } finally {
    await database.end();
    await wire.cut();
  }
}

/** Chosen before anything is counted: the best of some figures, each with its chance in it, is more than a server can do. */
async function bestConcurrency(parts: Parts, calm: Calm): Promise<number> {
  const tried = new Map<number, number[]>(concurrencies.map((one) => [one, []]));
  for (let trial = 1; trial <= trials; trial++) {
    for (const [concurrency, rates] of tried) {
      await calm(() => tell(parts));
      const rate = await calm(() => postRaw(parts, concurrency));
      if (trial > 1) rates.push(rate);
    }
  }
  const [[best] = [1]] = [...tried].toSorted(([, one], [, other]) => sum(other) - sum(one));
  return best;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** What a database does to itself now and then, done between what is measured: it takes of the server's processor. */
async function tidy(database: Client): Promise<void> {
  await database.query('vacuum (analyze)');
  await database.query('checkpoint');
}

async function makePatients(rig: WriterRig, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => `bench-${randomUUID()}`);
  for (const id of ids) await rig.put(person(id));
  return ids;
}

interface Recorded {
  text: string;
  study: string;
  patient: string;
  provenance: string;
}

/** The very bytes that the writer posts for a report. */
async function record(rig: WriterRig, show: Show, [patient = '']: readonly string[]): Promise<Recorded> {
  const said = show(answer({ patient: { id: patient } }));
  const study = said.study.studyInstanceUid;
  await rig.say(said);
  const text = await waitFor(() => rig.proxy.seen.find(({ path, body }) => path === '' && body.includes(study))?.body);
  await waitFor(async () => (await toldOf(rig, [study])).length === 1);
  const { entry } = JSON.parse(text) as Bundle;
  const provenance = entry?.find(({ resource }) => resource?.resourceType === 'Provenance')?.resource?.id ?? '';
  return { text, study, patient, provenance };
}

/** Measures a phase once the database is tidy. */
type Calm = (phase: () => Promise<number>) => Promise<number>;

interface Parts {
  rig: WriterRig;
  wire: Wire;
  show: Show;
  recorded: Recorded;
  patients: readonly string[];
}

function portOf({ baseUrl }: { baseUrl: string }): number {
  return Number(new URL(baseUrl).port);
}

async function postRawBesideWriter(parts: Parts, concurrency: number): Promise<number> {
  const { rig, wire } = parts;
  const standIn = new StandIn();
  rig.proxy.before = standIn.answer;
  wire.leadTo(portOf(rig.proxy));
  const [rate] = await Promise.all([postRaw(parts, concurrency, () => standIn.takeOne()), tell(parts)]);
  wire.leadTo(portOf(rig.server));
  rig.proxy.reset();
  return rate;
}

async function postRaw(
  { rig, recorded, patients }: Parts,
  concurrency: number,
  onTaken: () => void = () => undefined,
): Promise<number> {
  const authorization = `Bearer ${await rig.identity.token('system')}`;
  const bodies = patients.map((patient) =>
    recorded.text
      .replaceAll(recorded.study, uidFromUuid(randomUUID()))
      .replaceAll(recorded.patient, patient)
      .replaceAll(recorded.provenance, randomUUID()),
  );
  const from = performance.now();
  const post = async (): Promise<void> => {
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
      const response = await fetch(rig.server.baseUrl, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/fhir+json', accept: 'application/fhir+json' },
        body,
      });
      if (!response.ok)
        throw new Error(`the server answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
      await response.text();
      onTaken();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, post));
  return (patients.length * 1_000) / (performance.now() - from);
}

/** While there are always some to be told: the first and the last, while the queue fills and empties, are not counted. */
async function tell({ rig, show, patients }: Parts): Promise<number> {
  const answers = patients.map((id) => show(answer({ patient: { id } })));
  const studies = answers.map(({ study }) => study.studyInstanceUid);
  let said = 0;
  const told = await waitFor(
    async () => {
      const rows = await toldOf(rig, studies);
      const next = answers.slice(said, rows.length + waiting);
      said += next.length;
      await rig.say(...next);
      return rows.length === studies.length ? rows : undefined;
    },
    { timeout: 600_000, interval: 200 },
  );
  const ramp = Math.min(mostRamp, Math.floor(told.length / 4));
  const at = told.map((date) => date.getTime()).toSorted((a, b) => a - b);
  const counted = at.slice(ramp, at.length - ramp);
  return ((counted.length - 1) * 1_000) / ((counted.at(-1) ?? 0) - (counted[0] ?? 0));
}

async function toldOf(rig: WriterRig, studies: readonly string[]): Promise<Date[]> {
  const rows = await rig.rows<{ told_at: Date }>(
    'select told_at from told_edition where study_instance_uid = any($1)',
    [studies],
  );
  return rows.map(({ told_at }) => told_at);
}
