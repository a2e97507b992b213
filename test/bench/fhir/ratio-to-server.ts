import { randomUUID } from 'node:crypto';
import type { Bundle } from '@medplum/fhirtypes';
import { uidFromUuid } from '@sightline/dicom';
import { Client } from 'pg';
import { answer } from '../../conformance/answers.ts';
import { person } from '../../conformance/records.ts';
import type { WriterRig } from '../../conformance/writer-rig.ts';
import { waitFor } from '../../support/index.ts';
import { quantile } from '../quantile.ts';

export interface Ratio {
  /** `writer` over `server`. */
  ratioToServer: number;
  /** Reports a second: the median of all the rounds. */
  writer: number;
  /** Bundles a second: of the medians at each concurrency the best. */
  server: number;
  rounds: Round[];
}

interface Round {
  writer: number[];
  server: { concurrency: number; rate: number }[];
}

/** Answers that are not told yet, while there are any left. */
const waiting = 128;
/** Raw posts at once; the best of them is what the server can do, which both less and more would show. */
const concurrencies = [2, 4, 8];
/** Reports that are not counted as the queue fills, nor as it empties. */
const mostRamp = 64;
/** Rounds that only warm both up. */
const warming = 2;

/** The same bundle, told by the writer and posted by nothing but a client, in turns on the same server. */
export async function compareWithServer(
  rig: WriterRig,
  { studies, rounds, writers }: { studies: number; rounds: number; writers: number },
): Promise<Ratio> {
  const patients = await makePatients(rig, studies);
  const recording = await rig.startWriter({ patients: { rule: 'resolve' } });
  const bundle = await record(rig, patients);
  await recording.stop();
  const site = {
    patients: { rule: 'resolve' },
    ehr: {
      baseUrl: rig.server.baseUrl,
      // What people make of reports is asked now and then, and would find the bundles posted raw.
      feedback: 'off',
    },
  };
  const running = await Promise.all(Array.from({ length: writers }, () => rig.startWriter(site)));
  const database = new Client({ connectionString: rig.postgresOfServer.adminUrlFor('fhir') });
  await database.connect();
  const all: Round[] = [];
  try {
    await database.query('alter system set autovacuum = off');
    await database.query('select pg_reload_conf()');
    for (let round = 1 - warming; round <= rounds; round++) {
      const one: Round = { writer: [], server: [] };
      for (const concurrency of concurrencies) {
        await tidy(database);
        one.server.push({ concurrency, rate: await postRaw(rig, bundle, patients, concurrency) });
        await tidy(database);
        one.writer.push(await tell(rig, patients));
      }
      if (round > 0) all.push(one);
    }
  } finally {
    await database.end();
  }
  await Promise.all(running.map((one) => one.stop()));
  const writer = median(all.flatMap((round) => round.writer));
  const server = Math.max(...concurrencies.map((_, n) => median(all.map((round) => round.server[n]?.rate ?? 0))));
  return { ratioToServer: writer / server, writer, server, rounds: all };
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
async function record(rig: WriterRig, [patient = '']: readonly string[]): Promise<Recorded> {
  const said = answer({ patient: { id: patient } });
  const study = said.study.studyInstanceUid;
  await rig.say(said);
  const text = await waitFor(() => rig.proxy.seen.find(({ path, body }) => path === '' && body.includes(study))?.body);
  await waitFor(async () => (await toldOf(rig, [study])).length === 1);
  const { entry } = JSON.parse(text) as Bundle;
  const provenance = entry?.find(({ resource }) => resource?.resourceType === 'Provenance')?.resource?.id ?? '';
  return { text, study, patient, provenance };
}

async function postRaw(
  rig: WriterRig,
  bundle: Recorded,
  patients: readonly string[],
  concurrency: number,
): Promise<number> {
  const authorization = `Bearer ${await rig.identity.token('system')}`;
  const bodies = patients.map((patient) =>
    bundle.text
      .replaceAll(bundle.study, uidFromUuid(randomUUID()))
      .replaceAll(bundle.patient, patient)
      .replaceAll(bundle.provenance, randomUUID()),
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
    }
  };
  await Promise.all(Array.from({ length: concurrency }, post));
  return (patients.length * 1_000) / (performance.now() - from);
}

/** While there are always some to be told: the first and the last, while the queue fills and empties, are not counted. */
async function tell(rig: WriterRig, patients: readonly string[]): Promise<number> {
  const answers = patients.map((id) => answer({ patient: { id } }));
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
