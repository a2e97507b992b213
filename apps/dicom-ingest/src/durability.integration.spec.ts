import type { Instance, StudyReceived } from '@sightline/contracts';
import { encodeDataSet, explicitVrLittleEndian, type WritableDataset } from '@sightline/dicom';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../../test/support/index.ts';
import { freshUid, radiograph, startIngestParts, type IngestParts } from '../../../tools/corpus/ingest-parts.ts';
import { Scu } from '../../../tools/corpus/scu.ts';
import type { Ingest } from '../../../tools/corpus/start-ingest.ts';
import { readSystemCalls, type SystemCall } from '../../../tools/corpus/system-calls.ts';

const dx = '1.2.840.10008.5.1.4.1.1.1.1';

let parts: IngestParts;
const running: Ingest[] = [];

beforeAll(async () => {
  parts = await startIngestParts();
}, 180_000);

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ child }) => child.stop()));
});

afterAll(async () => {
  await parts.stop();
});

async function start(name: string, environment: Record<string, string>, under?: readonly string[]): Promise<Ingest> {
  const ingest = await parts.start({ name, environment, ...(under && { under }) });
  running.push(ingest);
  return ingest;
}

function associate(ingest: Ingest): Promise<Scu> {
  return Scu.associate(ingest.dicom, [[dx, explicitVrLittleEndian]]);
}

async function store(scu: Scu, dataset: WritableDataset & { SOPInstanceUID: string }): Promise<number | undefined> {
  const answer = await scu.store({
    sopClassUid: dx,
    sopInstanceUid: dataset.SOPInstanceUID,
    transferSyntaxUid: explicitVrLittleEndian,
    dataSet: encodeDataSet(dataset),
  });
  return answer?.status;
}

async function revisions(studyInstanceUid: string): Promise<StudyReceived[]> {
  return (await parts.outbox('study.received.v1', studyInstanceUid)).map(({ body }) => body);
}

/** Every revision of these studies is complete. */
async function settled(studies: readonly string[]): Promise<boolean> {
  const { rows } = await parts.db.query(
    `select 1 from revision where state = 'receiving' and study_instance_uid = any($1) limit 1`,
    [studies],
  );
  return rows.length === 0;
}

describe('what was acknowledged', () => {
  it('is durable before the answer: object, name, row, then the response', async () => {
    const trace = join(parts.directory, 'system-calls');
    const calls = 'trace=fsync,fdatasync,link,linkat,read,write,writev,sendto,recvfrom';
    const strace = ['strace', '-f', '-yy', '-s', '120', '-e', calls, '-o', trace];
    const ingest = await start('traced', { QUIET_PERIOD_MS: '600000', UV_USE_IO_URING: '0' }, strace);
    const dataset = radiograph();
    const scu = await associate(ingest);
    expect(await store(scu, dataset)).toBe(0);
    await scu.release();

    const done = readSystemCalls(await readFile(trace, 'utf8'));
    const object = `objects/instances/${dataset.StudyInstanceUID}/${dataset.SOPInstanceUID}`;
    const toDatabase = `->127.0.0.1:${parts.postgres.port}]`;
    const isSend = ({ name }: SystemCall): boolean => ['write', 'writev', 'sendto'].includes(name);
    const insert = done.find((call) => isSend(call) && call.text.includes('insert into instance ('));
    const connection = /^\d+/.exec(insert?.text ?? '')?.[0];
    const order = [
      ['fsync of the bytes', (c: SystemCall) => c.name === 'fsync' && c.text.includes(`${object}/.unfinished-`)],
      ['link under the key', (c: SystemCall) => c.name.startsWith('link') && c.text.includes('.dcm')],
      ['fsync of the folder', (c: SystemCall) => c.name === 'fsync' && c.text.includes(`${object}>`)],
      ['insert of the row', (c: SystemCall) => c === insert],
      [
        'commit sent',
        (c: SystemCall) =>
          isSend(c) && c.text.startsWith(`${connection}<`) && c.text.includes(toDatabase) && c.text.includes('COMMIT'),
      ],
      [
        'commit answered',
        (c: SystemCall) => c.name === 'read' && c.text.startsWith(`${connection}<`) && c.text.includes('COMMIT'),
      ],
      [
        'response sent',
        (c: SystemCall) =>
          isSend(c) && c.text.includes(`127.0.0.1:${ingest.dicom.port}->`) && c.text.includes('"\\4\\0'),
      ],
    ] as const;
    let at = -1;
    for (const [what, matches] of order) {
      const found = done.findIndex((call, index) => index > at && matches(call));
      expect({ what, found: found > at }).toEqual({ what, found: true });
      at = found;
    }
    // And none of the later steps had happened before the earlier ones.
    const response = order.at(-1)?.[1];
    expect(done.findIndex((call) => response?.(call) ?? false)).toBe(at);
  }, 180_000);

  it('meets a database that keeps its word', async () => {
    const { rows } = await parts.db.query<{ fsync: string; commit: string }>(
      `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit`,
    );
    expect(rows).toEqual([{ fsync: 'on', commit: 'on' }]);
  });

  it('survives SIGKILL in mid-study', async () => {
    const ingest = await start('killed', { QUIET_PERIOD_MS: '1500' });
    const acknowledged: { study: string; instance: string }[] = [];
    const studies = Array.from({ length: 4 }, () => freshUid());
    const senders = studies.map(async (StudyInstanceUID) => {
      const scu = await associate(ingest);
      for (;;) {
        const dataset = radiograph({ StudyInstanceUID, PixelData: new Uint8Array(200_000).fill(7) });
        const status = await store(scu, dataset).catch(() => undefined);
        if (status === undefined) return;
        if (status === 0) acknowledged.push({ study: StudyInstanceUID, instance: dataset.SOPInstanceUID });
      }
    });
    await waitFor(() => acknowledged.length >= 40, { interval: 5, what: 'forty instances' });
    await ingest.child.kill('SIGKILL');
    await Promise.all(senders);
    await ingest.child.start();
    await waitFor(() => settled(studies), { what: 'every revision complete' });
    for (const study of studies) {
      const last = (await revisions(study)).at(-1);
      const told = new Map<string, Instance>(last?.instances.map((instance) => [instance.sopInstanceUid, instance]));
      for (const { instance } of acknowledged.filter((one) => one.study === study)) {
        const stored = told.get(instance);
        expect({ instance, told: stored !== undefined }).toEqual({ instance, told: true });
        const bytes = await readFile(join(parts.directory, 'objects', stored?.objectKey ?? ''));
        expect(bytes.length).toBe(stored?.size);
      }
    }
  }, 180_000);

  it('is in revision n or n+1 when it races with completion, never in neither', async () => {
    const environment = { QUIET_PERIOD_MS: '300' };
    const replicas = await Promise.all([start('one', environment), start('two', environment)]);
    const races = Array.from({ length: 60 }, async (_, round) => {
      const [first, second] = round % 2 === 0 ? replicas : replicas.toReversed();
      if (first === undefined || second === undefined) throw new Error('no replicas');
      const StudyInstanceUID = freshUid();
      const early = radiograph({ StudyInstanceUID });
      const late = radiograph({ StudyInstanceUID });
      const scus = await Promise.all([associate(first), associate(second)]);
      expect(await store(scus[0], early)).toBe(0);
      // Around the end of the quiet period, where the sweep may be at it in either replica.
      await sleep(200 + round * 10);
      expect(await store(scus[1], late)).toBe(0);
      await Promise.all(scus.map((scu) => scu.release()));
      return { StudyInstanceUID, early, late };
    });
    const sent = await Promise.all(races);
    const studies = sent.map(({ StudyInstanceUID }) => StudyInstanceUID);
    await waitFor(() => settled(studies), { what: 'every revision complete' });
    let opened = 0;
    for (const { StudyInstanceUID, early, late } of sent) {
      const told = await revisions(StudyInstanceUID);
      expect(told.map(({ study }) => study.revision)).toEqual(told.map((_, at) => at + 1));
      const last: string[] | undefined = told
        .at(-1)
        ?.instances.map(({ sopInstanceUid }) => sopInstanceUid)
        .sort();
      expect(last).toEqual([early.SOPInstanceUID, late.SOPInstanceUID].sort());
      expect(told[0]?.instances.map(({ sopInstanceUid }) => sopInstanceUid as string)).toContain(early.SOPInstanceUID);
      opened += told.length - 1;
    }
    // The race was a race: some came in time, some opened a second revision.
    expect(opened).toBeGreaterThan(0);
    expect(opened).toBeLessThan(sent.length);
  }, 180_000);

  it('is refused with 0xA700 while the database is down, and taken once it is back', async () => {
    const ingest = await start('without-database', {});
    const scu = await associate(ingest);
    await parts.postgres.kill('SIGKILL');
    expect(await store(scu, radiograph())).toBe(0xa700);
    await parts.postgres.start();
    await waitFor(async () => (await store(scu, radiograph())) === 0, { what: 'the database back' });
    await scu.release();
  }, 180_000);

  it('is refused with 0xA700 where the object store cannot keep it', async () => {
    const objectStoreUrl = `file://${parts.directory}/models/test-reader/model.json/objects`;
    const ingest = await parts.start({ name: 'without-store', objectStoreUrl });
    running.push(ingest);
    const scu = await associate(ingest);
    expect(await store(scu, radiograph())).toBe(0xa700);
    await scu.release();
  }, 180_000);
});
