import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { InferenceCompleted, InferenceRequested, ReviewRecorded } from '@sightline/contracts';
import { readDataset, readHeader } from '@sightline/dicom';
import { readRejectionNote, readStructuredReport } from '@sightline/dicom-results';
import { codes, concept } from '@sightline/findings';
import { Client } from 'pg';
import { radiograph, writeInstance } from '../../tools/corpus/ingest-parts.ts';
import { startIngest } from '../../tools/corpus/start-ingest.ts';
import { echoscu, freePort, storescu, temporaryDirectory, waitFor, type TemporaryDirectory } from '../support/index.ts';
import { startAwkwardPacs } from '../support/awkward-pacs.ts';
import { holdTable } from '../support/hold-table.ts';
import { startPacs, type Pacs } from '../support/pacs.ts';
import { startStoreScp } from '../support/storescp.ts';
import { answerOnStored, answerTo, drawnOn } from './stored-study.ts';
import { oneModel } from './answers.ts';
import { startWriterParts, type Writer, type WriterParts, type WriterSite } from './writer-parts.ts';

let parts: WriterParts;
let folder: TemporaryDirectory;
let pacs: Pacs;
let writer: Writer;
let listenerPort: number;

const radiologist = { subject: 'r-1', role: 'radiologist', name: 'Dr Reader' } as const;

const cStore = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  kind: 'dicom',
  name: 'pacs',
  send: {
    by: 'c-store',
    host: '127.0.0.1',
    port: pacs.port,
    calledAeTitle: pacs.aeTitle,
    callingAeTitle: 'SIGHTLINE',
    commitmentTimeoutMs: 2_000,
  },
  ...more,
});

const stow = (): Record<string, unknown> => ({
  kind: 'dicom',
  name: 'web',
  send: { by: 'stow-rs', baseUrl: pacs.webUrl },
});

const site = (more: Partial<WriterSite> = {}): WriterSite => ({
  dicom: { port: listenerPort, aeTitle: 'SIGHTLINE' },
  destinations: [cStore(), stow()],
  ...more,
});

beforeAll(async () => {
  folder = await temporaryDirectory('pacs');
  listenerPort = await freePort();
  [parts, pacs] = await Promise.all([
    startWriterParts(),
    startPacs({
      directory: join(folder.path, 'pacs'),
      client: { aeTitle: 'SIGHTLINE', port: listenerPort },
    }),
  ]);
  writer = await parts.startWriter(site());
}, 600_000);

afterAll(async () => {
  await parts?.stop();
  await pacs?.stop();
  await folder?.remove();
}, 60_000);

interface HeldObject {
  uid: string;
  modality: string;
  bytes: Buffer;
}

/** What the PACS holds of a study, in the order of its UIDs. */
async function held({ study }: InferenceCompleted, at: Pacs = pacs): Promise<HeldObject[]> {
  const all = [...(await at.stored())].flatMap(([uid, bytes]) => {
    const read = readHeader(bytes);
    if (read.kind === 'invalid') throw new Error(read.reason);
    const { studyInstanceUid, modality } = read.header;
    return studyInstanceUid === study.studyInstanceUid ? [{ uid, modality, bytes }] : [];
  });
  return all.toSorted((a, b) => (a.uid < b.uid ? -1 : 1));
}

/** What is there now and was not before. */
const added = (before: readonly HeldObject[], after: readonly HeldObject[]): HeldObject[] =>
  after.filter(({ uid }) => !before.some((one) => one.uid === uid));

const modalities = (objects: readonly HeldObject[]): string[] => objects.map(({ modality }) => modality).toSorted();

const standing = async ({ study }: InferenceCompleted): Promise<Record<string, string>> => {
  const rows = await parts.rows<{ destination: string; status: string; edition: number; reason: string | null }>(
    'select destination, status, edition, reason from delivery where study_instance_uid = $1',
    [study.studyInstanceUid],
  );
  return Object.fromEntries(
    rows.map(({ destination, status, edition, reason }) => [
      destination,
      [`${status} ${edition}`, ...(reason === null ? [] : [reason])].join(': '),
    ]),
  );
};

const until = (said: InferenceCompleted, destination: string, what: string | RegExp, timeout = 60_000) =>
  waitFor(
    async () => {
      const now = (await standing(said))[destination] ?? 'nothing';
      if (typeof what === 'string' ? now === what : what.test(now)) return now;
      throw new Error(now);
    },
    { timeout },
  );

async function say(options: Parameters<typeof answerOnStored>[1] = {}): Promise<InferenceCompleted> {
  const said = await answerOnStored(parts.objects, options);
  await parts.say(said);
  return said;
}

function review(said: InferenceCompleted, verdicts: ReviewRecorded['verdicts'], signed = true): ReviewRecorded {
  const { study, model } = said;
  const shown = `${study.studyInstanceUid}/${model?.name}@${model?.version}/${study.revision}`;
  return {
    studyInstanceUid: study.studyInstanceUid,
    revision: study.revision,
    model: model ?? { name: '', version: '' },
    report: { url: `urn:sightline:answer:${encodeURIComponent(shown)}`, versionId: '1' },
    reviewer: radiologist,
    verdicts,
    signed,
    recordedAt: new Date().toISOString(),
  };
}

function findingsOf({ outcome }: InferenceCompleted) {
  if (outcome.kind !== 'findings') throw new Error('no findings');
  return outcome.findings;
}

const accepted = (said: InferenceCompleted): ReviewRecorded['verdicts'] =>
  findingsOf(said).map(({ trackingUid }) => ({ verdict: 'accepted', trackingUid }));

const rejected = (said: InferenceCompleted): ReviewRecorded['verdicts'] =>
  findingsOf(said).map(({ trackingUid }) => ({ verdict: 'rejected', trackingUid, reason: 'artefact' }));

const reports = (objects: readonly HeldObject[]) =>
  objects.flatMap(({ uid, modality, bytes }) => {
    if (modality !== 'SR') return [];
    const read = readStructuredReport(bytes);
    if (read.kind !== 'report') throw new Error(JSON.stringify(read));
    return [{ uid, ...read.report }];
  });

const notes = (objects: readonly HeldObject[]) =>
  objects.flatMap(({ uid, modality, bytes }) => {
    const read = modality === 'KO' ? readRejectionNote(bytes) : undefined;
    return read?.kind === 'rejection-note' ? [{ uid, ...read.note }] : [];
  });

/** `npm run recall`, as an operator. */
async function recall(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'tools/recall/recall.ts', ...args, '--url', writer.url], {
    cwd: join(import.meta.dirname, '../..'),
    env: { PATH: process.env['PATH'], SIGHTLINE_TOKEN: await parts.identity.token('operator') },
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (output += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

/** Map and image say DX, capture OT, key images KO. */
const whole = ['DX', 'KO', 'OT', 'SEG', 'SR'];

/** Instances of ours that a PACS holds, whatever lies in the study. */
const uids = (objects: readonly HeldObject[]): string[] => objects.map(({ uid }) => uid);

describe('a report', () => {
  it('reaches a PACS whole, by C-STORE with its commitment and by STOW-RS, and is there once', async () => {
    const said = await say();
    await until(said, 'pacs', 'told 1');
    await until(said, 'web', 'told 1');
    const objects = await held(said);
    expect(modalities(objects)).toEqual(whole);
    const [report] = reports(objects);
    expect(report).toMatchObject({
      verification: 'UNVERIFIED',
      findings: [{ finding: { presence: 'present' } }],
      shown: {
        [findingsOf(said)[0]?.trackingUid ?? '']: {
          regions: [expect.anything()],
          explanations: [expect.anything(), expect.anything()],
        },
      },
    });
    const states = await parts.rows(
      `select destination, state, count(*)::int from pacs_object where study_instance_uid = $1
       group by destination, state order by destination`,
      [said.study.studyInstanceUid],
    );
    expect(states).toEqual([
      { destination: 'pacs', state: 'committed', count: 5 },
      { destination: 'web', state: 'stored', count: 5 },
    ]);
  }, 120_000);

  it('is patient and study of its images, and shows the evidence of the map', async () => {
    const said = await say({ patient: { id: 'PQ7' } });
    await until(said, 'web', 'told 1');
    for (const { bytes } of await held(said)) {
      const read = readDataset(bytes);
      const dataset = read.kind === 'dataset' ? read.dataset : {};
      expect(dataset).toMatchObject({ PatientID: 'PQ7', PatientName: 'Zzyzx^Quillfeather', StudyDate: '20240229' });
      if (dataset.SOPClassUID !== '1.2.840.10008.5.1.4.1.1.7') continue;
      // From nothing on the left to most on the right.
      const pixels = dataset.PixelData as Uint8Array;
      expect([pixels[0], pixels[23]]).toEqual([0, 255]);
    }
  }, 120_000);

  it('signed is a new document that names the one before, corrected again, and pictures stay what they are', async () => {
    const said = await say({ images: 2 });
    await until(said, 'pacs', 'told 1');
    await until(said, 'web', 'told 1');
    const first = await held(said);
    await parts.review(review(said, accepted(said)));
    await until(said, 'pacs', 'told 2');
    await until(said, 'web', 'told 2');
    const second = await held(said);
    const [signed] = reports(added(first, second));
    expect(signed).toMatchObject({ verification: 'VERIFIED', predecessor: reports(first)[0]?.uid });
    const [, other] = findingsOf(said);
    await parts.review(
      review(said, [
        {
          verdict: 'corrected',
          trackingUid: other?.trackingUid ?? '',
          concept: concept(codes.snomed.lungConsolidation),
        } as ReviewRecorded['verdicts'][number],
      ]),
    );
    await until(said, 'pacs', 'told 3');
    await until(said, 'web', 'told 3');
    const third = await held(said);
    const [corrected] = reports(added(second, third));
    expect(corrected).toMatchObject({ verification: 'VERIFIED', predecessor: signed?.uid });
    expect(corrected?.findings.map(({ by }) => by).toSorted()).toEqual(['model', 'person']);
    for (const [before, after] of [
      [first, second],
      [second, third],
    ] as const)
      expect(modalities(added(before, after))).toEqual(['SR']);
  }, 120_000);

  it('that a radiologist rejects whole is taken back by a note on all of it', async () => {
    const said = await say();
    await until(said, 'pacs', 'told 1');
    await until(said, 'web', 'told 1');
    const before = await held(said);
    await parts.review(review(said, rejected(said)));
    await until(said, 'pacs', 'told 2');
    const [note, ...more] = notes(await held(said));
    expect(more).toEqual([]);
    expect(note?.reason).toBe('quality');
    expect(note?.instances.map(({ sopInstanceUid }) => sopInstanceUid).toSorted()).toEqual(uids(before));
  }, 120_000);

  it('recalled is taken back by one note on everything it ever said there, however often it is recalled', async () => {
    const said = await say({ version: '1.1.0' });
    await until(said, 'pacs', 'told 1');
    await parts.review(review(said, accepted(said)));
    await until(said, 'pacs', 'told 2');
    await until(said, 'web', 'told 2');
    const before = await held(said);
    expect(reports(before)).toHaveLength(2);
    const span = ['--from', '2026-02-03', '--to', '2026-02-03', '--reason', 'wrong threshold'];
    for (const _ of [1, 2]) expect(await recall('chest-xray-paediatric@1.1.0', ...span)).toMatchObject({ code: 0 });
    const [note, ...more] = notes(await held(said));
    expect(more).toEqual([]);
    expect(note?.reason).toBe('patient-safety');
    expect(note?.instances.map(({ sopInstanceUid }) => sopInstanceUid).toSorted()).toEqual(uids(before));
    await until(said, 'pacs', 'told 3');
  }, 120_000);

  it('of another patient by now is taken back as incorrect worklist entry, and told anew', async () => {
    const said = await say({ patient: { id: 'WRONG' } });
    await until(said, 'pacs', 'told 1');
    await until(said, 'web', 'told 1');
    const before = await held(said);
    const { studyInstanceUid } = said.study;
    await say({ studyInstanceUid, revision: 2, patient: { id: 'RIGHT' } });
    await waitFor(async () => notes(await held(said)).length === 1 && reports(await held(said)).length === 2);
    const [note] = notes(await held(said));
    expect(note?.reason).toBe('wrong-worklist-entry');
    expect(note?.instances.map(({ sopInstanceUid }) => sopInstanceUid).toSorted()).toEqual(uids(before));
  }, 120_000);

  it('that a newer revision refuses is taken back, and a refusal alone stores nothing', async () => {
    const outcome = { kind: 'skipped', reason: 'blank', detail: 'The image shows next to nothing.' };
    const alone = await say({ outcome });
    expect(await until(alone, 'pacs', /^not-needed/)).toBe('not-needed 1: there is nothing to store');
    expect(await held(alone)).toEqual([]);
    const said = await say();
    await until(said, 'pacs', 'told 1');
    await until(said, 'web', 'told 1');
    const before = await held(said);
    const { studyInstanceUid, patient } = said.study;
    const refused = await answerOnStored(parts.objects, { studyInstanceUid, revision: 2, patient, outcome });
    await parts.say({ ...refused, images: [] });
    await until(said, 'pacs', 'told 2');
    const [note] = notes(await held(said));
    expect(note?.instances.map(({ sopInstanceUid }) => sopInstanceUid).toSorted()).toEqual(uids(before));
  }, 120_000);
});

describe('what cannot be made', () => {
  it('is refused once, with what is missing, and the destination goes on', async () => {
    const keyless = await answerOnStored(parts.objects);
    for (const image of keyless.images) delete image.objectKey;
    const gone = await answerOnStored(parts.objects);
    for (const { objectKey } of gone.images) await parts.objects.delete(objectKey ?? '');
    const bare = await answerOnStored(parts.objects);
    if (bare.outcome.kind === 'findings') await parts.objects.delete(bare.outcome.artefacts[0]?.objectKey ?? '');
    const cut = await answerOnStored(parts.objects, { dataset: { Rows: 0 } });
    await parts.say(keyless, gone, bare, cut);
    expect(await until(keyless, 'web', /^refused/)).toContain('does not say where its images lie');
    expect(await until(gone, 'web', /^refused/)).toContain('an image of the study is missing in the object store');
    expect(await until(bare, 'web', /^refused/)).toContain('a heat-map is missing in the object store');
    expect(await until(cut, 'web', /^refused/)).toContain('an image of the study is malformed in the object store');
    expect(await until(await say(), 'web', 'told 1')).toBe('told 1');
  }, 120_000);
});

describe('release', () => {
  it('holds everything back until a signature allows it, and for ever where nothing may leave', async () => {
    await writer.stop();
    writer = await parts.startWriter(site({ release: { '*': 'on-signature' } }));
    const said = await say();
    await until(said, 'pacs', /^held/);
    await until(said, 'web', /^held/);
    expect(await held(said)).toEqual([]);
    await parts.review(review(said, accepted(said)));
    await until(said, 'pacs', 'told 2');
    await until(said, 'web', 'told 2');
    const [report, ...more] = reports(await held(said));
    expect([report?.verification, report?.predecessor, more]).toEqual(['VERIFIED', undefined, []]);
    await writer.stop();
    writer = await parts.startWriter(site({ release: { '*': 'worklist-only' } }));
    const kept = await say();
    await until(kept, 'pacs', /^held 1/);
    await parts.review(review(kept, accepted(kept)));
    await until(kept, 'pacs', /^held 2/);
    await until(kept, 'web', /^held 2/);
    expect(await held(kept)).toEqual([]);
    await writer.stop();
    writer = await parts.startWriter(site());
  }, 240_000);
});

describe('a PACS', () => {
  it('may call our port, and store nothing there; nobody else may call it, nor it anybody else', async () => {
    const port = { host: '127.0.0.1', port: listenerPort, aeTitle: 'SIGHTLINE', callingAeTitle: pacs.aeTitle };
    expect(await echoscu(port)).toMatchObject({ code: 0 });
    for (const other of [{ callingAeTitle: 'STRANGER' }, { aeTitle: 'ANOTHER' }])
      expect(await echoscu({ ...port, ...other })).toMatchObject({ code: 1 });
    const file = await writeInstance(folder.path, radiograph());
    expect(await storescu(port, [file], ['-R'])).toMatchObject({
      output: expect.stringContaining('No Acceptable Presentation Contexts'),
    });
  }, 60_000);

  it('that is away hears the last word when it is back', async () => {
    await pacs.stop();
    const said = await say();
    await until(said, 'pacs', /^due 1: .+/);
    await parts.review(review(said, accepted(said)));
    await until(said, 'pacs', /^due 2/);
    await pacs.restart();
    await until(said, 'pacs', 'told 2');
    expect(reports(await held(said))).toMatchObject([{ verification: 'VERIFIED' }]);
  }, 240_000);

  it('is told on though the writer dies between storing and commitment, and has each object once', async () => {
    const table = await holdTable(parts.postgres.adminUrlFor('fhir_writer'), 'storage_commitment');
    const said = await say();
    await table.blocked();
    expect(modalities(await held(said))).toEqual(whole);
    await writer.kill();
    await table.release();
    expect((await standing(said))['pacs']).toMatch(/^due 1/);
    writer = await parts.startWriter(site());
    await until(said, 'pacs', 'told 1');
    expect(modalities(await held(said))).toEqual(whole);
  }, 240_000);

  it('may answer to any replica: the one that asked sees it', async () => {
    await writer.stop();
    const asks = await parts.startWriter({ destinations: [cStore()] });
    const away = { ...(cStore()['send'] as object), port: await freePort() };
    const hears = await parts.startWriter(site({ destinations: [cStore({ send: away })] }), { untilReady: false });
    const said = await say();
    // Whenever the other one takes it, it fails and waits.
    await until(said, 'pacs', 'told 1', 180_000);
    expect(await states(said)).toEqual(['committed 5']);
    await asks.stop();
    await hears.stop();
    writer = await parts.startWriter(site());
  }, 240_000);

  it('that was sent a part of a report which is withdrawn then is told to reject that part', async () => {
    const table = await holdTable(parts.postgres.adminUrlFor('fhir_writer'), 'storage_commitment');
    const said = await answerOnStored(parts.objects, { version: '1.1.0' });
    said.timings.completedAt = '2026-02-05T03:06:00.000Z';
    await parts.say(said);
    await table.blocked();
    await until(said, 'web', 'told 1');
    await writer.kill();
    await pacs.stop();
    await table.release();
    writer = await parts.startWriter(site(), { untilReady: false });
    const span = ['--from', '2026-02-05', '--to', '2026-02-05', '--reason', 'wrong threshold'];
    const recalled = recall('chest-xray-paediatric@1.1.0', ...span);
    await until(said, 'pacs', /^due 2/);
    expect(
      await parts.rows(`select 1 from told_edition where destination = 'pacs' and study_instance_uid = $1`, [
        said.study.studyInstanceUid,
      ]),
    ).toEqual([]);
    await pacs.restart();
    expect(await recalled).toMatchObject({ code: 0 });
    const [note, ...more] = notes(await held(said));
    expect([note?.instances.length, more]).toEqual([5, []]);
  }, 240_000);
});

describe('a PACS of another manner', () => {
  const others: { stop(): Promise<void> }[] = [];
  afterAll(() => Promise.all(others.map((one) => one.stop())));

  /** A writer whose one archive behaves so. */
  async function beside(
    archive: { port: number; stop(): Promise<void> },
    { commitmentTimeoutMs = 1_000, ...more }: Record<string, unknown> = {},
  ): Promise<void> {
    others.push(archive);
    await writer.stop();
    const send = {
      by: 'c-store',
      host: '127.0.0.1',
      port: archive.port,
      calledAeTitle: 'OTHER',
      commitmentTimeoutMs,
    };
    writer = await parts.startWriter({ destinations: [{ kind: 'dicom', name: 'other', send, ...more }] });
  }

  it('that commits on the association which asked needs no port of ours', async () => {
    await beside(await startAwkwardPacs(join(folder.path, 'prompt'), 'plain'));
    const said = await say();
    await until(said, 'other', 'told 1');
    expect(await states(said)).toEqual(['committed 5']);
  }, 120_000);

  it('that loses an object and says so at commitment is sent it again, and answers for it then', async () => {
    await beside(await startAwkwardPacs(join(folder.path, 'forgetful'), 'loses-the-report'), {
      // Long enough to be seen waiting.
      commitmentTimeoutMs: 5_000,
    });
    const said = await say();
    expect(await until(said, 'other', /^due 1: 1 objects/)).toContain('failure reason 0112');
    await until(said, 'other', 'told 1');
    expect(await states(said)).toEqual(['committed 5']);
  }, 120_000);

  it('that never commits is asked anew, under a new transaction each time, until somebody must look', async () => {
    await beside(await startAwkwardPacs(join(folder.path, 'silent'), 'never-commits'), { attempts: 2 });
    const said = await say();
    expect(await until(said, 'other', /^refused/)).toContain('5 objects are stored and not committed');
    expect(await states(said)).toEqual(['stored 5']);
    expect(
      await parts.rows('select 1 from storage_commitment where study_instance_uid = $1', [said.study.studyInstanceUid]),
    ).toHaveLength(2);
  }, 120_000);

  it('that refuses an object for good is a refusal with its status, and the rest is taken back with the report', async () => {
    await beside(await startAwkwardPacs(join(folder.path, 'picky'), 'refuses-maps'));
    const said = await say();
    expect(await until(said, 'other', /^refused/)).toMatch(/has not taken 1 of 5 objects: .*A900/);
    expect(await states(said)).toEqual(['refused 1', 'stored 4']);
    await parts.review(review(said, rejected(said)));
    await until(said, 'other', 'told 2');
    expect(await states(said)).toEqual(['committed 1', 'refused 1', 'stored 4']);
  }, 120_000);

  it('that does not know storage commitment is a refusal that names the setting; without it, its word at storing is enough', async () => {
    const archive = await startStoreScp(folder.path);
    await beside(archive);
    const said = await say();
    expect(await until(said, 'other', /^refused/)).toContain('set storageCommitment to false');
    await writer.stop();
    const send = {
      by: 'c-store',
      host: '127.0.0.1',
      port: archive.port,
      calledAeTitle: 'OTHER',
      storageCommitment: false,
    };
    writer = await parts.startWriter({ destinations: [{ kind: 'dicom', name: 'other', send }] });
    const other = await say();
    await until(other, 'other', 'told 1');
    expect(await states(other)).toEqual(['stored 5']);
  }, 120_000);
});

describe('what a PACS sends back', () => {
  it('is known again by dicom-ingest: one inference in all, whatever of ours comes back', async () => {
    await writer.stop();
    writer = await parts.startWriter(site());
    const ingest = await startIngest({
      directory: folder.path,
      databaseUrl: await parts.postgres.createDatabase('dicom_ingest'),
      brokers: parts.kafka.brokers,
      objectStoreUrl: parts.objectStoreUrl,
      modelsDir: await oneModel(join(folder.path, 'models')),
    });
    const db = new Client({ connectionString: parts.postgres.adminUrlFor('dicom_ingest') });
    await db.connect();
    try {
      const image = radiograph({ ...drawnOn, PatientAge: '004Y' });
      const file = await writeInstance(folder.path, image);
      for (const peer of [ingest.dicom, { host: '127.0.0.1', port: pacs.port, aeTitle: pacs.aeTitle }])
        expect(await storescu(peer, [file], ['-R'])).toMatchObject({ code: 0 });
      const request = await waitFor(async () => (await asked(db, image.StudyInstanceUID))[0]);
      const said = await answerTo(parts.objects, request);
      await parts.say(said);
      await until(said, 'pacs', 'told 1');
      await until(said, 'web', 'told 1');
      await parts.review(review(said, accepted(said)));
      await until(said, 'pacs', 'told 2');
      await parts.review(review(said, rejected(said)));
      await until(said, 'pacs', 'told 3');
      await until(said, 'web', 'told 3');
      const all = await held(said);
      expect(all.length).toBeGreaterThan(7);
      for (const { uid, bytes } of all) {
        const path = join(folder.path, `${uid}.back.dcm`);
        await writeFile(path, bytes);
        expect(await storescu(ingest.dicom, [path], ['-R'])).toMatchObject({ code: 0 });
      }
      const left = await waitFor(async () => {
        const { rows } = await db.query<{ left_out: string | null }>(
          'select left_out from instance where study_instance_uid = $1',
          [image.StudyInstanceUID],
        );
        return rows.length === all.length && rows.map(({ left_out }) => left_out);
      });
      expect(left.filter((reason) => reason !== 'own-output')).toEqual([null]);
      // Longer than a quiet period and several looks at what is due.
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      expect(await asked(db, image.StudyInstanceUID)).toHaveLength(1);
      const { rows: revisions } = await db.query('select revision from revision where study_instance_uid = $1', [
        image.StudyInstanceUID,
      ]);
      expect(revisions).toEqual([{ revision: 1 }]);
    } finally {
      await db.end();
      await ingest.child.stop();
    }
  }, 240_000);
});

async function asked(db: Client, study: string): Promise<InferenceRequested[]> {
  const { rows } = await db.query<{ value: string }>(
    `select value from outbox where topic = 'inference.requested.xray.v1' and key = $1`,
    [study],
  );
  return rows.map(({ value }) => JSON.parse(value) as InferenceRequested);
}

/** Of a destination's objects, how many stand where. */
async function states({ study }: InferenceCompleted): Promise<string[]> {
  const rows = await parts.rows<{ state: string; count: number }>(
    'select state, count(*)::int from pacs_object where study_instance_uid = $1 group by state order by state',
    [study.studyInstanceUid],
  );
  return rows.map(({ state, count }) => `${state} ${count}`);
}
