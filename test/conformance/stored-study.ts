import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { InferenceCompleted, InferenceRequested } from '@sightline/contracts';
import { encodePart10, uidFromUuid, type WritableDataset } from '@sightline/dicom';
import type { ObjectStore } from '@sightline/object-store';
import sharp from 'sharp';
import { radiograph } from '../../tools/corpus/ingest-parts.ts';
import { answer, type AnswerOptions } from './answers.ts';

/** Pixels of an image and of the pictures on it. */
const width = 24;
const height = 16;

/** What an image says that pictures lie on: how large it is, and how it is turned. */
export const drawnOn: WritableDataset = {
  PatientOrientation: 'L\\F',
  ImagerPixelSpacing: '0.2\\0.2',
  Rows: height,
  Columns: width,
  PixelData: new Uint8Array(width * height).fill(90),
};

/** Of what the images of one study say. */
export interface StudyOptions extends AnswerOptions {
  dataset?: WritableDataset;
}

/**
 * An answer whose images lie in the object store, as dicom-ingest leaves them, with a heat map and a region on each, as a worker
 * leaves those.
 */
export async function answerOnStored(objects: ObjectStore, options: StudyOptions = {}): Promise<InferenceCompleted> {
  const studyInstanceUid = options.studyInstanceUid ?? uidFromUuid(randomUUID());
  const said = answer({ ...options, studyInstanceUid });
  for (const image of said.images) image.objectKey = await storeImage(objects, said, image, options.dataset);
  return withPictures(objects, said);
}

/** What a worker answers to a request for one image. */
export async function answerTo(
  objects: ObjectStore,
  { study, instances }: InferenceRequested,
): Promise<InferenceCompleted> {
  const said = answer({ studyInstanceUid: study.studyInstanceUid });
  const [instance] = instances;
  if (instance === undefined) throw new Error('a request without an image');
  const { seriesInstanceUid, sopClassUid, sopInstanceUid, objectKey } = instance;
  const source = { seriesInstanceUid, sopClassUid, sopInstanceUid };
  if (said.outcome.kind === 'findings') for (const finding of said.outcome.findings) finding.sources = [source];
  return withPictures(objects, { ...said, study, images: [{ ...source, objectKey }] });
}

async function withPictures(objects: ObjectStore, said: InferenceCompleted): Promise<InferenceCompleted> {
  if (said.outcome.kind !== 'findings') return said;
  const pictures = { 'heat-map': await heatMap(), region: await region() } as const;
  for (const { objectKey: _objectKey, ...source } of said.images) {
    for (const kind of ['heat-map', 'region'] as const) {
      const objectKey = `artefacts/${said.study.studyInstanceUid}/${kind}-${randomUUID()}.png`;
      await objects.write(objectKey, Readable.from([pictures[kind]]));
      const drawn = { findingKey: 'pneumonia', source, mediaType: 'image/png', width, height } as const;
      said.outcome.artefacts.push({ kind, objectKey, ...drawn });
    }
  }
  return said;
}

async function storeImage(
  objects: ObjectStore,
  { study }: InferenceCompleted,
  image: InferenceCompleted['images'][number],
  dataset: WritableDataset = {},
): Promise<string> {
  const objectKey = `instances/${study.studyInstanceUid}/${image.sopInstanceUid}/${randomUUID()}.dcm`;
  const file = encodePart10(
    radiograph({
      StudyInstanceUID: study.studyInstanceUid,
      SeriesInstanceUID: image.seriesInstanceUid,
      SOPInstanceUID: image.sopInstanceUid,
      PatientID: study.patient.id ?? '',
      ...drawnOn,
      ...dataset,
    }),
  );
  await objects.write(objectKey, Readable.from([file]));
  return objectKey;
}

/** As opaque as the evidence is great, growing from left to right. */
function heatMap(): Promise<Buffer> {
  const rgba = Uint8Array.from({ length: width * height * 4 }, (_, i) =>
    i % 4 === 3 ? Math.round((150 * (Math.floor(i / 4) % width)) / (width - 1)) : 200,
  );
  return sharp(rgba, { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer();
}

function region(): Promise<Buffer> {
  const mask = Uint8Array.from({ length: width * height }, (_, i) => (i % width < width / 2 ? 255 : 0));
  return sharp(mask, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
}
