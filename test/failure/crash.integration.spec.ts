import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topics } from '@sightline/contracts';
import { connectKafka } from '@sightline/messaging';
import { createLogger } from '@sightline/platform';
import pg from 'pg';
import { type Sandbox, startSandbox } from '../../tools/sandbox/sandbox.ts';
import { type Door, getJson, reportsOf, search } from '../support/client.ts';
import { type FreshStudy, freshInstance } from '../support/golden.ts';
import { holdTable } from '../support/hold-table.ts';
import { storescu, type TemporaryDirectory, temporaryDirectory, waitFor } from '../support/index.ts';

const recovery = { timeout: 100_000, interval: 250 };

describe('a crash', () => {
  let directory: TemporaryDirectory;
  let sandbox: Sandbox;
  let clinician: string;
  let fhir: Door;

  beforeAll(async () => {
    directory = await temporaryDirectory('crash');
    sandbox = await startSandbox({
      directory: join(directory.path, 'sandbox'),
      ports: 'free',
      onProgress: () => undefined,
    });
    clinician = await sandbox.token('clinician');
    fhir = { url: sandbox.endpoints.fhirBaseUrl, token: clinician };
  }, 300_000);

  afterAll(async () => {
    await sandbox?.stop();
    await directory?.remove();
  });

  const send = (study: FreshStudy) => storescu(sandbox.endpoints.dicom, [study.path]);
  const databaseOf = (app: string) => sandbox.postgres.adminUrlFor(app);

  /** The chart holds the study's report, and after everything has come to rest it is still the only one. */
  async function expectOneReport(study: FreshStudy): Promise<void> {
    await waitFor(async () => (await reportsOf(fhir, study.studyInstanceUid)).length > 0, recovery);
    await waitFor(async () => {
      const { body } = await getJson<{ state: string; reports: { filedAt?: string }[] }>(
        `${sandbox.endpoints.readingRoomUrl}/api/studies/${study.studyInstanceUid}`,
        clinician,
      );
      return body?.state === 'read' && body.reports.every(({ filedAt }) => filedAt !== undefined);
    }, recovery);
    expect(await reportsOf(fhir, study.studyInstanceUid)).toHaveLength(1);
    const observations = await search(fhir, 'Observation?_count=500');
    const own = observations.filter((resource) => JSON.stringify(resource).includes(`${study.studyInstanceUid}/`));
    expect(own).toHaveLength(1);
  }

  it('of dicom-ingest before an instance is committed leaves it unacknowledged, and sent again it is read once', async () => {
    const study = await freshInstance(directory.path);
    const held = await holdTable(databaseOf('dicom-ingest'), 'instance');
    const sending = send(study);
    await held.blocked();
    await sandbox.apps.kill('dicom-ingest', 'SIGKILL');
    expect((await sending).code).not.toBe(0);
    await held.release();
    await waitFor(async () => (await send(study)).code === 0, recovery);
    await expectOneReport(study);
  });

  it('of dicom-ingest right after an acknowledgement loses nothing of it', async () => {
    const study = await freshInstance(directory.path);
    expect((await send(study)).code).toBe(0);
    await sandbox.apps.kill('dicom-ingest', 'SIGKILL');
    await expectOneReport(study);
  });

  it('of dicom-ingest while it completes a study leaves one revision and one report', async () => {
    const study = await freshInstance(directory.path);
    expect((await send(study)).code).toBe(0);
    const held = await holdTable(databaseOf('dicom-ingest'), 'outbox');
    await held.blocked();
    await sandbox.apps.kill('dicom-ingest', 'SIGKILL');
    await held.release();
    await expectOneReport(study);
  });

  it('of xray-worker in the middle of an inference leaves one report', async () => {
    const study = await freshInstance(directory.path);
    const database = new pg.Client({ connectionString: databaseOf('xray-worker') });
    await database.connect();
    try {
      expect((await send(study)).code).toBe(0);
      await waitFor(
        async () => {
          const { rows } = await database.query<{ state: string }>('select state from work where id like $1', [
            `%${study.studyInstanceUid}%`,
          ]);
          return rows.some(({ state }) => state !== 'queued');
        },
        { timeout: 60_000, interval: 2 },
      );
      await sandbox.apps.kill('xray-worker', 'SIGKILL');
    } finally {
      await database.end();
    }
    await expectOneReport(study);
  });

  it('of xray-worker between its result and the commit leaves one report', async () => {
    const study = await freshInstance(directory.path);
    expect((await send(study)).code).toBe(0);
    const held = await holdTable(databaseOf('xray-worker'), 'outbox');
    await held.blocked();
    expect(await reportsOf(fhir, study.studyInstanceUid)).toEqual([]);
    await sandbox.apps.kill('xray-worker', 'SIGKILL');
    await held.release();
    await expectOneReport(study);
  });

  it('of fhir-writer between writing the chart and its commit leaves one report', async () => {
    const study = await freshInstance(directory.path);
    const held = await holdTable(databaseOf('fhir-writer'), 'told_edition');
    expect((await send(study)).code).toBe(0);
    await waitFor(async () => (await reportsOf(fhir, study.studyInstanceUid)).length > 0, recovery);
    await held.blocked();
    await sandbox.apps.kill('fhir-writer', 'SIGKILL');
    await held.release();
    await expectOneReport(study);
  });

  it('of reading-room before its commit loses no study from the list', async () => {
    const study = await freshInstance(directory.path);
    const held = await holdTable(databaseOf('reading-room'), 'inbox');
    expect((await send(study)).code).toBe(0);
    await held.blocked();
    await sandbox.apps.kill('reading-room', 'SIGKILL');
    await held.release();
    await expectOneReport(study);
  });

  it('of audit-monitor before its commit leaves every event in the trail once', async () => {
    const study = await freshInstance(directory.path);
    const held = await holdTable(databaseOf('audit-monitor'), 'inbox');
    expect((await send(study)).code).toBe(0);
    await held.blocked();
    await sandbox.apps.kill('audit-monitor', 'SIGKILL');
    await held.release();
    await expectOneReport(study);
    const told = await toldOf(study);
    expect(told.size).toBeGreaterThanOrEqual(4);
    await waitFor(async () => (await trailOf(study)).length >= told.size, recovery);
    const ids = await trailOf(study);
    expect(new Set(ids)).toEqual(told);
    expect(ids).toHaveLength(told.size);
  });

  /** Ids of the audit events the apps' outboxes hold for a study. */
  async function toldOf(study: FreshStudy): Promise<Set<string>> {
    const ids = new Set<string>();
    for (const app of ['dicom-ingest', 'xray-worker', 'fhir-writer']) {
      const rows = await query<{ event_id: string }>(
        app,
        `select event_id from outbox where topic = 'audit.recorded.v1' and key = $1`,
        [study.studyInstanceUid],
      );
      for (const { event_id } of rows) ids.add(event_id);
    }
    return ids;
  }

  async function trailOf(study: FreshStudy): Promise<string[]> {
    const rows = await query<{ event_id: string }>(
      'audit-monitor',
      'select event_id from audit_trail where $1 = any(entities)',
      [study.studyInstanceUid],
    );
    const told = await toldOf(study);
    return rows.map(({ event_id }) => event_id).filter((id) => told.has(id));
  }

  async function query<R extends pg.QueryResultRow>(app: string, text: string, values: unknown[] = []): Promise<R[]> {
    const client = new pg.Client({ connectionString: databaseOf(app) });
    await client.connect();
    try {
      return (await client.query<R>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  it('is told apart from a replay: every record published again changes nothing', async () => {
    const before = await stateOfTheWorld();
    const kafka = connectKafka(
      sandbox.kafka.brokers,
      'replay',
      createLogger('replay', 'error', { write: () => undefined }),
    );
    const records: { topic: string; key: Buffer | null; value: Buffer | null; headers: Record<string, string> }[] = [];
    const consumer = kafka.consumer({ groupId: 'replay-test' });
    await consumer.connect();
    await consumer.subscribe({ topics: Object.keys(topics), fromBeginning: true });
    await consumer.run({
      eachMessage: async ({ topic, message }) => {
        const headers = Object.fromEntries(
          Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
        );
        records.push({ topic, key: message.key, value: message.value, headers });
      },
    });
    let seen = -1;
    await waitFor(
      () => {
        const quiet = records.length > 0 && records.length === seen;
        seen = records.length;
        return quiet;
      },
      { timeout: 30_000, interval: 2_000 },
    );
    await consumer.disconnect();
    const producer = kafka.producer();
    await producer.connect();
    for (const { topic, ...message } of [...records]) await producer.send({ topic, messages: [message] });
    await producer.disconnect();
    await caughtUp(kafka);
    expect(new Set(records.map(({ topic }) => topic)).size).toBeGreaterThanOrEqual(5);
    expect(await stateOfTheWorld()).toEqual(before);
  });

  /** Ids and versions of everything in the chart, the length of the trail, and the studies' states. */
  async function stateOfTheWorld(): Promise<unknown> {
    const chart: string[] = [];
    for (const type of ['DiagnosticReport', 'Observation', 'ImagingStudy', 'Device', 'Provenance', 'Patient']) {
      const resources = await search(fhir, `${type}?_count=500`);
      chart.push(...resources.map(({ id, meta }) => `${type}/${id}/${meta?.versionId}`));
    }
    const revisions = await query('dicom-ingest', 'select * from revision order by 1, 2');
    const work = await query('xray-worker', 'select id, state, attempt from work order by id');
    return { chart: chart.sort(), revisions: revisions.length, work };
  }

  /** Every consumer group has committed up to the end of every topic it reads. */
  async function caughtUp(kafka: ReturnType<typeof connectKafka>): Promise<void> {
    const admin = kafka.admin();
    await admin.connect();
    try {
      await waitFor(async () => {
        for (const [topic, { consumers }] of Object.entries(topics)) {
          const ends = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, high]));
          for (const groupId of consumers) {
            const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] });
            const behind = committed?.partitions.some(
              ({ partition, offset }) => offset !== '-1' && Number(offset) < Number(ends.get(partition) ?? 0),
            );
            if (behind === true) return false;
          }
        }
        return true;
      }, recovery);
    } finally {
      await admin.disconnect();
    }
  }
});
