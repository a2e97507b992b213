import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type {
  InferenceCompleted,
  InferenceRequested,
  Instance,
  ReportFiled,
  StudyReceived,
} from '@sightline/contracts';
import { readHeader, uidFromUuid } from '@sightline/dicom';
import { codes, concept } from '@sightline/findings';
import type { ObjectStore } from '@sightline/object-store';
import sharp from 'sharp';
import { wrapImage } from '../../tools/evaluate/wrap-image.ts';
import { testManifest } from '../support/index.ts';

export const model = { name: 'chest-xray-paediatric', version: '1.0.0' };

/** A study as the mesh tells of it: one stored image and every message that may be said about it. */
export interface ToldStudy {
  uid: string;
  sop: string;
  received: StudyReceived;
  requested: InferenceRequested;
  answered(outcome: InferenceCompleted['outcome'], over?: Partial<InferenceCompleted>): InferenceCompleted;
  filed: ReportFiled;
}

interface Told {
  name: string;
  birthDate?: string;
  modality?: string;
  receivedAt?: Date;
  deadline?: Date;
  /** A Part 10 file; else a grey wedge. */
  image?: Uint8Array;
}

export async function tellStudy(objects: ObjectStore, told: Told): Promise<ToldStudy> {
  const { name, birthDate, modality = 'DX', receivedAt = new Date(), image = wedge(modality) } = told;
  const read = readHeader(image);
  if (read.kind === 'invalid') throw new Error(read.reason);
  const studyInstanceUid = uidFromUuid(randomUUID());
  const { seriesInstanceUid, sopInstanceUid, sopClassUid, transferSyntaxUid } = read.header;
  const objectKey = `instances/${studyInstanceUid}/${sopInstanceUid}/${randomUUID()}.dcm`;
  const stored = await objects.write(objectKey, Readable.from([image]));
  const instance: Instance = {
    seriesInstanceUid,
    sopInstanceUid,
    sopClassUid,
    transferSyntaxUid,
    modality,
    objectKey,
    ...stored,
  };
  const at = receivedAt.toISOString();
  const study = {
    studyInstanceUid,
    revision: 1,
    patient: { id: 'CHILD-7', name, sex: 'F' as const, ...(birthDate === undefined ? {} : { birthDate }) },
    accessionNumber: 'A48211',
    description: modality === 'DX' ? 'Chest AP' : 'Brain',
    startedAt: '2026-02-11T09:41:00',
    modalities: [modality],
  };
  return {
    uid: studyInstanceUid,
    sop: sopInstanceUid,
    received: {
      study,
      instances: [instance],
      leftOut: [],
      completeness: {
        rule: 'quiet-period',
        quietPeriodMs: 100,
        firstReceivedAt: at,
        lastReceivedAt: at,
        completedAt: at,
      },
    },
    requested: {
      study,
      model,
      role: 'primary',
      priority: 'routine',
      instances: [instance],
      requestedAt: at,
      deadline: (told.deadline ?? new Date(Date.now() + 600_000)).toISOString(),
    },
    answered: (outcome, over = {}) => ({
      study,
      model,
      role: 'primary',
      outcome,
      images: [{ seriesInstanceUid, sopClassUid, sopInstanceUid }],
      timings: { requestedAt: at, startedAt: at, completedAt: new Date(receivedAt.getTime() + 4_000).toISOString() },
      ...over,
    }),
    filed: {
      studyInstanceUid,
      revision: 1,
      model,
      state: 'unreviewed',
      reportUrl: 'http://fhir.internal:8090/fhir/DiagnosticReport/17',
      resources: [{ resourceType: 'DiagnosticReport', id: '17' }],
      bundleSha256: 'a'.repeat(64),
      filedAt: new Date(receivedAt.getTime() + 6_000).toISOString(),
    },
  };
}

/** Findings on the study's image, with a key image and a heat map that are really in the object store. */
export async function findingsOf(
  objects: ObjectStore,
  { received, sop }: ToldStudy,
  probability: number,
  pictures?: { keyImage: Buffer; heatMap: Buffer },
): Promise<InferenceCompleted['outcome']> {
  const [instance] = received.instances;
  if (instance === undefined) throw new Error('the study has no instance');
  const { seriesInstanceUid, sopClassUid, sopInstanceUid } = instance;
  const source = { seriesInstanceUid, sopClassUid, sopInstanceUid };
  const { keyImage, heatMap } = pictures ?? { keyImage: await wedgePng(), heatMap: await blobPng() };
  const { width, height } = await sharp(keyImage).metadata();
  const put = async (kind: string, png: Buffer) => {
    const objectKey = `artefacts/${received.study.studyInstanceUid}/1/${sop}-${kind}-${randomUUID()}.png`;
    await objects.write(objectKey, Readable.from([png]));
    return { source, objectKey, mediaType: 'image/png' as const, width, height };
  };
  const present = probability >= 0.42;
  return {
    kind: 'findings',
    findings: [
      {
        key: 'pneumonia',
        trackingIdentifier: `pneumonia ${sop}`,
        trackingUid: uidFromUuid(randomUUID()),
        concept: concept(codes.snomed.pneumonia),
        laterality: 'unknown',
        presence: present ? 'present' : 'absent',
        certainty: { probability, threshold: 0.42 },
        measurements: [],
        sources: [source],
        sentence: present ? 'Pneumonia suspected; nothing else was looked for.' : 'No pneumonia suspected.',
      },
    ],
    artefacts: [
      { kind: 'key-image', ...(await put('image', keyImage)) },
      { kind: 'heat-map', findingKey: 'pneumonia', ...(await put('heat-map', heatMap)) },
    ],
  };
}

const side = 256;

function wedge(modality: string): Uint8Array {
  const grey = Uint8Array.from({ length: side * side }, (_, at) => at % side);
  return wrapImage(randomUUID(), { width: side, height: side, grey }, { Modality: modality });
}

function wedgePng(): Promise<Buffer> {
  const grey = Uint8Array.from({ length: side * side }, (_, at) => at % side);
  return sharp(grey, { raw: { width: side, height: side, channels: 1 } })
    .png()
    .toBuffer();
}

function blobPng(): Promise<Buffer> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}">
    <circle cx="90" cy="150" r="60" fill="#f0682c" fill-opacity="0.9"/></svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

/** A manifest as the training recipe writes it, for a shelf of the test's own. */
export const manifest = testManifest({
  ...model,
  title: 'Chest X-ray of children: pneumonia',
  release: 'immediate',
  evaluation: {
    ...testManifest({ release: 'immediate' }).evaluation,
    primary: { name: 'auroc', output: 'pneumonia', value: 0.98, ci95: [0.97, 0.99], n: 100, patients: 90 },
  },
  intendedUse: 'Frontal chest X-rays of children of 1 to 5 years: suspicion of pneumonia.',
  limits: ['Looks for pneumonia alone.'],
});
