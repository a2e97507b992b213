import type { AuditRecorded, InferenceRequested, InstancesRejected } from '@sightline/contracts';
import {
  deflatedExplicitVrLittleEndian,
  encodeDataSet,
  encodePart10,
  isOwnOutput,
  readHeader,
  type WritableDataset,
} from '@sightline/dicom';
import { dicomObjectsOf } from '@sightline/dicom-results';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { resultCases, sha256 } from '../../../test/support/dicom-results.ts';
import { startIdentityProvider, storescu, waitFor, type IdentityProvider } from '../../../test/support/index.ts';
import {
  freshUid,
  type IngestParts,
  quiet,
  radiograph,
  startIngestParts,
  writeInstance,
} from '../../../tools/corpus/ingest-parts.ts';
import { Scu } from '../../../tools/corpus/scu.ts';
import type { Ingest } from '../../../tools/corpus/start-ingest.ts';

const keyObjectSelection = '1.2.840.10008.5.1.4.1.1.88.59';

type Dataset = ReturnType<typeof radiograph> & { SOPClassUID: string; SeriesInstanceUID: string };

let parts: IngestParts;
let identity: IdentityProvider;
let ingest: Ingest;

beforeAll(async () => {
  parts = await startIngestParts();
  identity = await startIdentityProvider({ directory: join(parts.directory, 'identity') });
  ingest = await parts.start({ oidcIssuer: identity.issuer, environment: { REQUEST_DEADLINE_MS: '2000' } });
}, 180_000);

afterAll(async () => {
  await identity?.stop();
  await parts?.stop();
});

function picture(dataset: WritableDataset = {}): Dataset {
  return radiograph({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1',
    SeriesInstanceUID: freshUid(),
    ...dataset,
  }) as Dataset;
}

/** A rejection note as a PACS of another maker writes it, in the study of the first image unless `change` says otherwise. */
function note(code: string, images: readonly Dataset[], change: WritableDataset = {}): Dataset {
  const reference = ({ SOPClassUID, SOPInstanceUID }: Dataset): WritableDataset => ({
    ReferencedSOPClassUID: SOPClassUID,
    ReferencedSOPInstanceUID: SOPInstanceUID,
  });
  const { PixelData: _pixels, ...document } = picture({
    SOPClassUID: keyObjectSelection,
    StudyInstanceUID: images[0]?.StudyInstanceUID ?? freshUid(),
    Modality: 'KO',
    Manufacturer: 'Another Maker',
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: [{ CodeValue: code, CodingSchemeDesignator: 'DCM', CodeMeaning: 'Some title' }],
    ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: '2010' }],
    CurrentRequestedProcedureEvidenceSequence: images.map((image) => ({
      StudyInstanceUID: image.StudyInstanceUID,
      ReferencedSeriesSequence: [
        { SeriesInstanceUID: image.SeriesInstanceUID, ReferencedSOPSequence: [reference(image)] },
      ],
    })),
    ContentSequence: images.map((image) => ({
      RelationshipType: 'CONTAINS',
      ValueType: 'IMAGE',
      ReferencedSOPSequence: [reference(image)],
    })),
    ...change,
  });
  return document;
}

/** One after the other on one association: no quiet period ends between them. */
async function send(...datasets: Dataset[]): Promise<void> {
  const paths = await Promise.all(datasets.map((dataset) => writeInstance(parts.directory, dataset)));
  const { code, output } = await storescu(ingest.dicom, paths, ['-R']);
  expect({ code, output }).toMatchObject({ code: 0 });
}

async function asked(study: string): Promise<string[]> {
  const requests = await parts.outbox('inference.requested.xray.v1', study);
  return requests.map(({ body }: { body: InferenceRequested }) =>
    [body.study.revision, ...body.instances.map(({ sopInstanceUid }) => sopInstanceUid).sort()].join(' '),
  );
}

async function rejections(study: string): Promise<InstancesRejected[]> {
  return (await parts.outbox('instances.rejected.v1', study)).map(({ body }) => body);
}

async function audited(study: string): Promise<AuditRecorded[]> {
  const events = await parts.outbox('audit.recorded.v1', study);
  return events.map(({ body }) => body).filter(({ type }) => type.code === 'instances-rejected');
}

async function leftOut(image: Dataset): Promise<string | null | undefined> {
  const { rows } = await parts.db.query<{ left_out: string | null }>(
    'select left_out from instance where sop_instance_uid = $1',
    [image.SOPInstanceUID],
  );
  return rows[0]?.left_out;
}

async function twoImages(): Promise<[Dataset, Dataset, string]> {
  const one = picture();
  const other = picture({ StudyInstanceUID: one.StudyInstanceUID });
  await send(one, other);
  await parts.received(one.StudyInstanceUID, 1);
  return [one, other, one.StudyInstanceUID];
}

const named = ({ SOPInstanceUID, ...image }: Dataset) => ({
  seriesInstanceUid: image.SeriesInstanceUID,
  sopClassUid: image.SOPClassUID,
  sopInstanceUid: SOPInstanceUID,
});

describe('a rejection note that comes after the images', () => {
  it.each([
    ['113001', 'quality'],
    ['113037', 'patient-safety'],
    ['113038', 'wrong-worklist-entry'],
  ])(
    'titled %s makes a revision without the image it names, and the model is asked about the rest',
    async (code, reason) => {
      const [stays, goes, study] = await twoImages();
      const said = note(code, [goes]);
      await send(said);
      const { leftOut: out, instances } = await parts.received(study, 2);
      expect(instances).toHaveLength(3);
      expect(out).toContainEqual({ sopInstanceUid: goes.SOPInstanceUID, reason: 'rejected' });
      const both = [stays.SOPInstanceUID, goes.SOPInstanceUID].sort();
      expect(await asked(study)).toEqual([`1 ${both.join(' ')}`, `2 ${stays.SOPInstanceUID}`]);
      expect(await rejections(study)).toEqual([
        {
          studyInstanceUid: study,
          noteSopInstanceUid: said.SOPInstanceUID,
          reason,
          instances: [named(goes)],
          rejectedAt: expect.any(String),
        },
      ]);
      expect(await audited(study)).toMatchObject([{ outcome: '0', outcomeText: reason }]);
    },
  );

  it('says once what is sent twice, and opens one revision', async () => {
    const [, goes, study] = await twoImages();
    const said = note('113037', [goes]);
    await send(said);
    await parts.received(study, 2);
    await send(said, note('113001', [goes]));
    await quiet();
    expect(await parts.revisions(study)).toEqual(['1 superseded', '2 complete']);
    // The second note is another one, and says so; there was nothing left for it to take.
    expect((await rejections(study)).map(({ reason }) => reason)).toEqual(['patient-safety', 'quality']);
  });

  it('and names all of them leaves nothing to ask about, nor is what was asked before asked again', async () => {
    const [one, other, study] = await twoImages();
    await send(note('113037', [one, other]));
    const { leftOut: out } = await parts.received(study, 2);
    expect(out.map(({ reason }) => reason).sort()).toEqual(['not-an-image', 'rejected', 'rejected']);
    const [skipped] = await parts.outbox('inference.completed.v1', study);
    expect(skipped?.body).toMatchObject({ study: { revision: 2 }, outcome: { kind: 'skipped', reason: 'no-image' } });
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    const { rows } = await parts.db.query<{ emissions: number; outcome: string }>(
      'select emissions, outcome from request where study_instance_uid = $1',
      [study],
    );
    expect(rows).toEqual([{ emissions: 1, outcome: 'rejected' }]);
  });
});

describe('a rejection note that comes before the images', () => {
  it('leaves out the one it names when it comes, which says nothing of the study', async () => {
    const stays = picture();
    const study = stays.StudyInstanceUID;
    const goes = picture({ StudyInstanceUID: study, AccessionNumber: 'WRONG' });
    await send(note('113038', [goes]), goes, stays);
    await waitFor(async () => (await asked(study)).length > 0);
    await quiet();
    const last = (await parts.outbox('study.received.v1', study)).at(-1)?.body;
    expect(last?.leftOut).toContainEqual({ sopInstanceUid: goes.SOPInstanceUID, reason: 'rejected' });
    expect(last?.study.accessionNumber).toBeUndefined();
    const requests = await asked(study);
    expect(requests.map((request) => request.split(' ').slice(1))).toEqual([[stays.SOPInstanceUID]]);
  });

  it('is the same in whatever order they come, two replicas at it', async () => {
    const replica = await parts.start({ name: 'rejecting-replica' });
    const rounds = Array.from({ length: 12 }, async () => {
      const goes = picture();
      const path = await writeInstance(parts.directory, goes);
      const said = await writeInstance(parts.directory, note('113037', [goes], { StudyInstanceUID: freshUid() }));
      await Promise.all([storescu(ingest.dicom, [path], ['-R']), storescu(replica.dicom, [said], ['-R'])]);
      return goes;
    });
    const sent = await Promise.all(rounds);
    expect(await Promise.all(sent.map(leftOut))).toEqual(sent.map(() => 'rejected'));
    await replica.child.stop();
  }, 120_000);
});

describe('a rejection note that names several studies', () => {
  it('is said of each, and of one that never was here too, whose first image then says who sent it', async () => {
    const here = picture();
    const elsewhere = picture();
    await send(here);
    await parts.received(here.StudyInstanceUID, 1);
    await send(note('113037', [elsewhere, here], { StudyInstanceUID: freshUid() }));
    await parts.received(here.StudyInstanceUID, 2);
    expect((await rejections(here.StudyInstanceUID)).flatMap(({ instances }) => instances)).toEqual([named(here)]);
    expect((await rejections(elsewhere.StudyInstanceUID)).flatMap(({ instances }) => instances)).toEqual([
      named(elsewhere),
    ]);
    expect(await parts.revisions(elsewhere.StudyInstanceUID)).toEqual([]);
    const another = picture({ StudyInstanceUID: elsewhere.StudyInstanceUID });
    await send(elsewhere, another);
    const { study, leftOut: out } = await parts.received(elsewhere.StudyInstanceUID, 1);
    expect(study).toMatchObject({ callingAeTitle: 'TEST', patient: { id: 'PID-ZZYZX-77' } });
    expect(out).toEqual([{ sopInstanceUid: elsewhere.SOPInstanceUID, reason: 'rejected' }]);
  });
});

describe('what takes nothing back', () => {
  async function takesNothing(study: string, image: Dataset): Promise<void> {
    await quiet();
    expect(await leftOut(image)).toBeNull();
    expect(await rejections(study)).toEqual([]);
    expect(await parts.revisions(study)).toEqual(['1 complete']);
  }

  it('is our own note, which a PACS sends back', async () => {
    const { set, sources } = await resultCases['a radiograph']();
    const [source] = sources;
    if (source === undefined) throw new Error('no source');
    const image = { ...picture(source.dataset), ...source.dataset } as Dataset;
    await send(image);
    await parts.received(image.StudyInstanceUID, 1);
    const { sopClassUid, sopInstanceUid, seriesInstanceUid } = source.header;
    const withdrawn = dicomObjectsOf(
      { ...set, state: 'withdrawn' },
      sources,
      [],
      [{ sopClassUid, sopInstanceUid, seriesInstanceUid }],
      { digest: sha256, onlyReport: true, now: set.completedAt },
    );
    const [own] = withdrawn.kind === 'objects' ? withdrawn.keyObjects : [];
    if (own === undefined) throw new Error('no note');
    const header = readHeader(own.bytes);
    expect(header.kind === 'header' && isOwnOutput(header.header)).toBe(true);
    const path = join(parts.directory, 'own-note.dcm');
    await writeFile(path, own.bytes);
    expect(await storescu(ingest.dicom, [path], ['-R'])).toMatchObject({ code: 0 });
    await takesNothing(image.StudyInstanceUID, image);
    expect(await audited(image.StudyInstanceUID)).toEqual([]);
  });

  it.each<[string, WritableDataset, string]>([
    [
      'does not say where the instance lies',
      { CurrentRequestedProcedureEvidenceSequence: [] },
      'a rejected instance whose study and series are not named',
    ],
    ['names nothing', { ContentSequence: [] }, 'a rejection note that names no instance'],
    [
      'names what is no instance',
      {
        CurrentRequestedProcedureEvidenceSequence: [
          {
            StudyInstanceUID: 'PID-ZZYZX-77',
            ReferencedSeriesSequence: [
              {
                SeriesInstanceUID: '1.2.3',
                ReferencedSOPSequence: [{ ReferencedSOPClassUID: '1.2.3', ReferencedSOPInstanceUID: '1.2.3.4' }],
              },
            ],
          },
        ],
        ContentSequence: [
          {
            RelationshipType: 'CONTAINS',
            ValueType: 'IMAGE',
            ReferencedSOPSequence: [{ ReferencedSOPClassUID: '1.2.3', ReferencedSOPInstanceUID: '1.2.3.4' }],
          },
        ],
      },
      'a rejected instance whose UIDs are none',
    ],
    ['is longer than notes are', { PixelData: new Uint8Array(2 ** 25) }, 'of more than 33554432 bytes'],
  ])('is a note that %s: it is stored, audited and logged', async (_what, change, reason) => {
    const image = picture();
    const study = image.StudyInstanceUID;
    await send(image);
    await parts.received(study, 1);
    const said = { ...note('113037', [image]), ...change } as Dataset;
    await send(said);
    await takesNothing(study, image);
    expect(await leftOut(said)).toBe('not-an-image');
    expect(await audited(study)).toMatchObject([{ outcome: '4', outcomeText: expect.stringContaining(reason) }]);
    expect(await parts.log()).toContain('rejection-note-not-read');
  });

  it('is a selection for another purpose', async () => {
    const image = picture();
    await send(image);
    await parts.received(image.StudyInstanceUID, 1);
    await send(note('113000', [image]));
    await takesNothing(image.StudyInstanceUID, image);
    expect(await audited(image.StudyInstanceUID)).toEqual([]);
  });
});

it('reads a note that came deflated', async () => {
  const image = picture();
  await send(image);
  await parts.received(image.StudyInstanceUID, 1);
  const said = note('113001', [image]);
  const scu = await Scu.associate(ingest.dicom, [[keyObjectSelection, deflatedExplicitVrLittleEndian]]);
  const deflated = deflateRawSync(encodeDataSet(said));
  const stored = await scu.store({
    sopClassUid: keyObjectSelection,
    sopInstanceUid: said.SOPInstanceUID,
    transferSyntaxUid: deflatedExplicitVrLittleEndian,
    dataSet: deflated.length % 2 === 0 ? deflated : Buffer.concat([deflated, Buffer.alloc(1)]),
  });
  await scu.release();
  expect(stored?.status).toBe(0);
  expect(await leftOut(image)).toBe('rejected');
});

it('reads a note that came by STOW-RS', async () => {
  const image = picture();
  await send(image);
  await parts.received(image.StudyInstanceUID, 1);
  const said = note('113037', [image]);
  const boundary = 'a-boundary';
  const response = await fetch(`${ingest.httpUrl}/studies`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await identity.token('operator')}`,
      'content-type': `multipart/related; type="application/dicom"; boundary=${boundary}`,
    },
    body: Uint8Array.from(
      Buffer.concat([
        Buffer.from(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`),
        encodePart10(said),
        Buffer.from(`\r\n--${boundary}--\r\n`),
      ]),
    ),
  });
  expect(response.status).toBe(200);
  expect(await leftOut(image)).toBe('rejected');
  expect(await rejections(image.StudyInstanceUID)).toMatchObject([{ noteSopInstanceUid: said.SOPInstanceUID }]);
});

it('writes no patient into its log', async () => {
  const log = await parts.log();
  expect(log).toContain('instances-rejected');
  expect(log).not.toMatch(/zzyzx|quillfeather|20200301|2020-03-01/i);
});
