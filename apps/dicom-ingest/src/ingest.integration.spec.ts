import type { InferenceCompleted, InferenceRequested } from '@sightline/contracts';
import { ownDevice, type WritableDataset } from '@sightline/dicom';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFile, utimes, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { echoscu, storescu, waitFor } from '../../../test/support/index.ts';
import {
  freshUid,
  type IngestParts,
  quiet,
  radiograph,
  startIngestParts,
  writeInstance,
} from '../../../tools/corpus/ingest-parts.ts';
import type { Ingest } from '../../../tools/corpus/start-ingest.ts';

let parts: IngestParts;
let ingest: Ingest;

beforeAll(async () => {
  parts = await startIngestParts();
  ingest = await parts.start({ environment: { REQUEST_DEADLINE_MS: '1500' } });
}, 180_000);

afterAll(async () => {
  await parts.stop();
});

async function send(...datasets: (WritableDataset & { SOPInstanceUID: string })[]): Promise<string> {
  const paths = await Promise.all(datasets.map((dataset) => writeInstance(parts.directory, dataset)));
  const { code, output } = await storescu(ingest.dicom, paths, ['-R']);
  expect({ code, output }).toMatchObject({ code: 0 });
  return output;
}

async function requests(studyInstanceUid: string): Promise<InferenceRequested[]> {
  return (await parts.outbox('inference.requested.xray.v1', studyInstanceUid)).map(({ body }) => body);
}

async function answers(studyInstanceUid: string): Promise<InferenceCompleted[]> {
  return (await parts.outbox('inference.completed.v1', studyInstanceUid)).map(({ body }) => body);
}

async function auditTypes(studyInstanceUid: string): Promise<string[]> {
  const events = await parts.outbox('audit.recorded.v1', studyInstanceUid);
  return events.map(({ body }) => body.type.code);
}

describe('dicom-ingest', () => {
  it('answers C-ECHO', async () => {
    expect((await echoscu(ingest.dicom)).code).toBe(0);
  });

  it('takes a study from C-STORE to a request on the broker', async () => {
    const StudyInstanceUID = freshUid();
    const first = radiograph({ StudyInstanceUID, AccessionNumber: 'ACC1', PatientAge: '004Y' });
    const second = radiograph({ StudyInstanceUID });
    await send(first, second);
    const { study, instances, leftOut, completeness } = await parts.received(StudyInstanceUID);
    expect(study).toMatchObject({
      revision: 1,
      patient: { id: 'PID-ZZYZX-77', name: 'Zzyzx^Quillfeather', birthDate: '2020-03-01', sex: 'F' },
      accessionNumber: 'ACC1',
      startedAt: '2024-02-29T13:15:02',
      callingAeTitle: 'TEST',
      modalities: ['DX'],
    });
    expect(instances.map(({ sopInstanceUid }) => sopInstanceUid).sort()).toEqual(
      [first.SOPInstanceUID, second.SOPInstanceUID].sort(),
    );
    expect(leftOut).toEqual([]);
    expect(completeness).toMatchObject({ rule: 'quiet-period', quietPeriodMs: 1_000 });
    const [request] = await requests(StudyInstanceUID);
    expect(request).toMatchObject({ model: { name: 'test-reader' }, role: 'primary', priority: 'routine', instances });
    expect(await auditTypes(StudyInstanceUID)).toEqual(['110104', '110104', 'study-completed', 'inference-requested']);
    await waitFor(async () => (await parts.outbox('study.received.v1', StudyInstanceUID))[0]?.publishedAt !== null);
  });

  it('keeps the data set byte for byte', async () => {
    const dataset = radiograph();
    await send(dataset);
    const [instance] = (await parts.received(dataset.StudyInstanceUID)).instances;
    const stored = await readFile(join(parts.directory, 'objects', instance?.objectKey ?? ''));
    const sent = await readFile(join(parts.directory, `${dataset.SOPInstanceUID}.dcm`));
    const tail = sent.length - sent.indexOf(Buffer.from([0x08, 0x00, 0x08, 0x00]));
    expect(stored.subarray(-tail).equals(sent.subarray(-tail))).toBe(true);
    expect(instance?.size).toBe(stored.length);
  });

  it('keeps the first of two instances with one SOP Instance UID, and takes an identical one again as success', async () => {
    const dataset = radiograph();
    await send(dataset);
    expect(await send(dataset)).toContain('Success');
    const output = await send({ ...dataset, PixelData: new Uint8Array(16).fill(9) });
    expect(output).toMatch(/B000|Coercion/i);
    const { instances } = await parts.received(dataset.StudyInstanceUID);
    expect(instances).toHaveLength(1);
    const stored = await readFile(join(parts.directory, 'objects', instances[0]?.objectKey ?? ''));
    expect(stored.at(-1)).toBe(240);
    const audited = await parts.outbox('audit.recorded.v1', dataset.StudyInstanceUID);
    expect(audited.filter(({ id }) => id.startsWith('audit/instance-differs/'))).toHaveLength(1);
    const { rows } = await parts.db.query('select 1 from instance where study_instance_uid = $1', [
      dataset.StudyInstanceUID,
    ]);
    expect(rows).toHaveLength(1);
  });

  it('opens revision n+1 for a later image and asks the model again with all of them', async () => {
    const first = radiograph();
    await send(first);
    await parts.received(first.StudyInstanceUID);
    const later = radiograph({ StudyInstanceUID: first.StudyInstanceUID });
    await send(later);
    const second = await parts.received(first.StudyInstanceUID, 2);
    expect(second.instances).toHaveLength(2);
    expect((await requests(first.StudyInstanceUID)).map(({ study }) => study.revision)).toEqual([1, 2]);
    expect(await parts.revisions(first.StudyInstanceUID)).toEqual(['1 superseded', '2 complete']);
  });

  it('asks a model again only if the instances it selects changed', async () => {
    const first = radiograph();
    await send(first);
    await parts.received(first.StudyInstanceUID);
    await send(
      radiograph({
        StudyInstanceUID: first.StudyInstanceUID,
        Modality: 'US',
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.6.1',
      }),
    );
    expect((await parts.received(first.StudyInstanceUID, 2)).instances).toHaveLength(2);
    await quiet();
    expect(await requests(first.StudyInstanceUID)).toHaveLength(1);
  });

  it.each<[string, WritableDataset]>([
    ['our own secondary capture', { ...ownImage(), SOPClassUID: '1.2.840.10008.5.1.4.1.1.7' }],
    ['our own structured report', { ...ownImage(), SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.34', Modality: 'SR' }],
    ['a presentation state', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.11.1', Modality: 'PR' }],
    ['a key object selection', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.59', Modality: 'KO' }],
    ['a segmentation', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.66.4', Modality: 'SEG' }],
  ])('opens no revision for %s', async (_name, dataset) => {
    const first = radiograph();
    await send(first);
    await parts.received(first.StudyInstanceUID);
    await send(radiograph({ ...dataset, StudyInstanceUID: first.StudyInstanceUID }));
    await quiet();
    expect(await parts.revisions(first.StudyInstanceUID)).toEqual(['1 complete']);
    expect(await auditTypes(first.StudyInstanceUID)).toContain('instance-left-out');
  });

  it('leaves out localizer, dose screen, phantom and another patient by name, and reads the rest', async () => {
    const image = radiograph();
    const { StudyInstanceUID } = image;
    await send(
      image,
      radiograph({ StudyInstanceUID, ImageType: 'ORIGINAL\\PRIMARY\\LOCALIZER' }),
      radiograph({ StudyInstanceUID, SeriesDescription: 'Dose Report', SOPClassUID: '1.2.840.10008.5.1.4.1.1.7' }),
      radiograph({ StudyInstanceUID, SeriesDescription: 'QA phantom' }),
      radiograph({ StudyInstanceUID, PatientID: 'SOMEONE-ELSE' }),
    );
    const { leftOut, study } = await parts.received(StudyInstanceUID);
    expect(leftOut.map(({ reason }) => reason).sort()).toEqual([
      'dose-screen',
      'localizer',
      'patient-differs',
      'qa-phantom',
    ]);
    expect(study.patient.id).toBe('PID-ZZYZX-77');
    const [request] = await requests(StudyInstanceUID);
    expect(request?.instances.map(({ sopInstanceUid }) => sopInstanceUid)).toEqual([image.SOPInstanceUID]);
    expect((await auditTypes(StudyInstanceUID)).filter((code) => code === 'instance-left-out')).toHaveLength(4);
  });

  it('says skipped(no-image) of a study that holds nothing to read', async () => {
    const dose = radiograph({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.67', Modality: 'SR' });
    await send(dose);
    await parts.received(dose.StudyInstanceUID);
    expect((await answers(dose.StudyInstanceUID))[0]?.outcome).toMatchObject({ kind: 'skipped', reason: 'no-image' });
  });

  it('says skipped(no-model) of a study no model reads', async () => {
    const mr = radiograph({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.4', Modality: 'MR' });
    await send(mr);
    await parts.received(mr.StudyInstanceUID);
    const [answer] = await answers(mr.StudyInstanceUID);
    expect(answer?.outcome).toEqual({ kind: 'skipped', reason: 'no-model', detail: 'no model reads MR' });
    expect(answer?.model).toBeUndefined();
  });

  it('makes a study as urgent as its most urgent image', async () => {
    const image = radiograph({ RequestAttributesSequence: [{ RequestedProcedurePriority: 'STAT' }] });
    await send(radiograph({ StudyInstanceUID: image.StudyInstanceUID }), image);
    await parts.received(image.StudyInstanceUID);
    expect((await requests(image.StudyInstanceUID))[0]?.priority).toBe('stat');
  });

  it('emits a request again under its id until it is answered', async () => {
    const image = radiograph();
    await send(image);
    await parts.received(image.StudyInstanceUID);
    const emissions = async (): Promise<number> => {
      const { rows } = await parts.db.query<{ emissions: number }>(
        'select emissions from request where study_instance_uid = $1',
        [image.StudyInstanceUID],
      );
      return rows[0]?.emissions ?? 0;
    };
    await waitFor(async () => (await emissions()) >= 2, { what: 'a second emission' });
    expect(await requests(image.StudyInstanceUID)).toHaveLength(1);
    await publish('inference.completed.v1', await failedAnswer(image.StudyInstanceUID));
    await waitFor(async () => {
      const { rows } = await parts.db.query<{ outcome: string }>(
        'select outcome from request where study_instance_uid = $1 and answered_at is not null',
        [image.StudyInstanceUID],
      );
      return rows[0]?.outcome === 'failed';
    });
    const before = await emissions();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await emissions()).toBe(before);
  });

  it('sweeps an object without a row once it is an hour old, and no other', async () => {
    const image = radiograph();
    await send(image);
    const [instance] = (await parts.received(image.StudyInstanceUID)).instances;
    const old = join(parts.directory, 'objects/instances/1.2.3/1.2.3.4');
    await mkdir(old, { recursive: true });
    const hourAgo = new Date(Date.now() - 3_700_000);
    await writeFile(join(old, 'old.dcm'), 'x');
    await utimes(join(old, 'old.dcm'), hourAgo, hourAgo);
    await writeFile(join(old, 'young.dcm'), 'x');
    const kept = join(parts.directory, 'objects', instance?.objectKey ?? '');
    await utimes(kept, hourAgo, hourAgo);
    const replica = await parts.start({ name: 'replica' });
    await waitFor(async () => (await readFile(join(old, 'old.dcm')).catch(() => undefined)) === undefined);
    expect(await readFile(join(old, 'young.dcm'), 'utf8')).toBe('x');
    expect((await readFile(kept)).length).toBe(instance?.size);
    await replica.child.stop();
  });

  it('writes no patient into its log', async () => {
    const log = await parts.log();
    expect(log).toContain('study-complete');
    expect(log).not.toMatch(/zzyzx|quillfeather|SOMEONE-ELSE|20200301|2020-03-01/i);
  });

  it('refuses to start on malformed configuration', async () => {
    await expect(
      parts.start({ name: 'malformed', environment: { DICOM_AE_TITLE: 'far too long an AE title' } }),
    ).rejects.toThrow();
    expect(await parts.log('malformed')).toContain('DICOM_AE_TITLE is wrong');
  });
});

function ownImage(): WritableDataset {
  return {
    SOPInstanceUID: freshUid(),
    Manufacturer: ownDevice.manufacturer,
    ManufacturerModelName: ownDevice.modelName,
  };
}

async function failedAnswer(studyInstanceUid: string): Promise<InferenceCompleted> {
  const [request] = await requests(studyInstanceUid);
  if (request === undefined) throw new Error('nothing was requested');
  return {
    study: request.study,
    model: request.model,
    role: request.role,
    outcome: { kind: 'failed', failure: { kind: 'defect', message: 'a test said so' } },
    images: [],
    timings: { completedAt: new Date().toISOString() },
  };
}

/** What a worker would say, on the broker. */
async function publish(topic: 'inference.completed.v1', body: InferenceCompleted): Promise<void> {
  const { Kafka } = await import('kafkajs');
  const kafka = new Kafka({ brokers: [...parts.options.brokers], logLevel: 0 });
  const producer = kafka.producer();
  await producer.connect();
  const id = `inference.completed/${body.study.studyInstanceUid}/${body.study.revision}/test-reader@1.0.0/failed`;
  await producer.send({
    topic,
    messages: [
      {
        key: body.study.studyInstanceUid,
        value: JSON.stringify(body),
        headers: {
          ce_specversion: '1.0',
          ce_id: id,
          ce_type: topic,
          ce_source: 'sightline/xray-worker',
          ce_time: new Date().toISOString(),
          'content-type': 'application/json',
          traceparent: `00-${randomUUID().replaceAll('-', '')}-0123456789abcdef-01`,
        },
      },
    ],
  });
  await producer.disconnect();
}
