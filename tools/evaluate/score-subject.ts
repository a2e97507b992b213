import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { ModelManifest } from '@sightline/contracts';
import { describeObject, readObjects, type Reader, type Reading } from '@sightline/inference';
import sharp from 'sharp';
import type { LabelledSubject } from './open-data-set.ts';
import { decimal, derivedUid, wrapImage, type GreyPicture, type WrappedValues } from './wrap-image.ts';

/** What the pipeline says of one subject: a probability per output always, and why serving would not have said it. */
export interface SubjectScore {
  name: string;
  refused?: { reason: string; detail: string };
  probabilities: Readonly<Record<string, number>>;
}

/** Says nothing either way: what a subject scores whose pixels cannot be read, so that none leaves the figures. */
const noOpinion = 0.5;

/** Gate, prepare and conclude of serving on one subject of a data set: an image, or the images of a study in their order. */
export async function scoreSubject(
  reader: Reader,
  folder: string,
  subject: LabelledSubject,
  signal: AbortSignal,
): Promise<SubjectScore> {
  const { manifest } = reader.model;
  const objects: Uint8Array[] = [];
  for (const [place, file] of subject.files.entries()) {
    const object = await objectOf(join(folder, file), bareValues(manifest, subject.name, place));
    if (object.kind === 'undecodable') return unread(manifest, subject.name, 'undecodable', object.why);
    objects.push(object.bytes);
  }
  return scoreObjects(reader, subject.name, objects, signal);
}

/**
 * What serving says of these objects. What the gates refuse is scored all the same, since a figure is over every subject. Rejects
 * where the runtime fails: that is no property of the subject.
 */
export async function scoreObjects(
  reader: Reader,
  name: string,
  objects: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<SubjectScore> {
  const { manifest } = reader.model;
  const served = await firstReading(reader, objects, { signal });
  const scored = served.kind === 'read' ? served : await firstReading(reader, objects, { signal, beyondGates: true });
  if (scored.kind === 'failed') {
    const { kind, message } = scored.failure;
    if (kind === 'invalid-input') return unread(manifest, name, kind, message);
    throw new Error(`${name}: ${message}`);
  }
  if (scored.kind === 'refused') return unread(manifest, name, scored.reason, scored.detail);
  const refused = served.kind === 'refused' && { refused: { reason: served.reason, detail: served.detail } };
  const probabilities = Object.fromEntries(scored.findings.map(({ key, certainty }) => [key, certainty.probability]));
  return { name, probabilities, ...refused };
}

/** One subject is one answer: the first, as the images of a data set have one frame each. */
async function firstReading(
  reader: Reader,
  objects: readonly Uint8Array[],
  options: { signal: AbortSignal; beyondGates?: boolean },
): Promise<Reading> {
  for await (const reading of readObjects(reader, described(objects), options)) return reading;
  return { kind: 'refused', reason: 'no-image', detail: 'There is no image.' };
}

async function* described(objects: readonly Uint8Array[]) {
  for (const object of objects) yield describeObject(object);
}

function unread(manifest: ModelManifest, name: string, reason: string, detail: string): SubjectScore {
  const probabilities = Object.fromEntries(manifest.outputs.map(({ key }) => [key, noOpinion]));
  return { name, refused: { reason, detail }, probabilities };
}

/** Millimetres between slices of a data set that does not say, and between the pixels of one. */
const assumedSpacing = { slice: 5, pixel: 1 };

/** What the manifest assumes of a bare picture, and of one in the study `name` its place there. */
export function bareValues({ evaluation, answer, input }: ModelManifest, name: string, place: number): WrappedValues {
  return {
    ...unwindowed(input.preparation.grey),
    ...(answer.unit !== 'image' && {
      StudyInstanceUID: derivedUid(`${name}/study`),
      SeriesInstanceUID: derivedUid(`${name}/series`),
      InstanceNumber: String(place + 1),
      ImagePositionPatient: `0\\0\\${place * assumedSpacing.slice}`,
      ImageOrientationPatient: '1\\0\\0\\0\\1\\0',
      PixelSpacing: `${assumedSpacing.pixel}\\${assumedSpacing.pixel}`,
    }),
    ...evaluation.assume,
  };
}

/** A bare picture was windowed by whoever made it: the rescale that takes its greys back to where the model's window finds them. */
function unwindowed(grey: ModelManifest['input']['preparation']['grey']): WrappedValues {
  if (grey.kind === 'display') return {};
  return { RescaleSlope: decimal(grey.width / 255), RescaleIntercept: decimal(grey.center - grey.width / 2) };
}

type ReadObject = { kind: 'object'; bytes: Uint8Array } | { kind: 'undecodable'; why: string };

async function objectOf(path: string, values: WrappedValues): Promise<ReadObject> {
  const bytes = await readFile(path);
  if (isPart10(path, bytes)) return { kind: 'object', bytes };
  const picture = await readPicture(bytes);
  return picture.kind === 'undecodable' ? picture : { kind: 'object', bytes: wrapImage(path, picture, values) };
}

export function isPart10(path: string, bytes: Buffer): boolean {
  return extname(path).toLowerCase() === '.dcm' || bytes.toString('latin1', 128, 132) === 'DICM';
}

/** A picture file as grey of eight bits. */
export async function readPicture(
  bytes: Uint8Array,
): Promise<({ kind: 'picture' } & GreyPicture) | { kind: 'undecodable'; why: string }> {
  try {
    const { data, info } = await sharp(bytes)
      .toColourspace('b-w')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const grey = info.channels === 1 ? data : data.filter((_, i) => i % info.channels === 0);
    return { kind: 'picture', width: info.width, height: info.height, grey };
  } catch (error) {
    return { kind: 'undecodable', why: error instanceof Error ? error.message : String(error) };
  }
}
