import type { InferenceCompleted } from '@sightline/contracts';
import {
  dicomObjectsOf,
  showsFinding,
  toldFindings,
  type DicomObject,
  type DicomObjects,
  type FiledObject,
  type ObjectOptions,
  type PictureOfResult,
  type SourceInstance,
} from '@sightline/dicom-results';
import { stateOutside, type ResultSet } from '@sightline/findings';
import { failed, type Failed } from '@sightline/messaging';
import type { ObjectStore } from '@sightline/object-store';
import { readPicture, type Shown } from './read-picture.ts';
import { readSource } from './read-source.ts';

/** What a report is made of in an archive, in the order in which it is stored: what is shown before what refers to it. */
export interface ObjectsOfReport {
  kind: 'objects';
  objects: DicomObject[];
  /** They take back what was stored before. */
  reject: boolean;
}

/**
 * The DICOM objects of a report, from headers and pictures in the object store; `filed` is what earlier editions of it stored. A
 * report that says nothing any more takes back what it said.
 */
export async function objectsOfReport(
  { set, answer }: { set: ResultSet; answer: InferenceCompleted },
  filed: readonly FiledObject[],
  objects: ObjectStore,
  options: ObjectOptions,
): Promise<ObjectsOfReport | Failed> {
  const says = saysSomething(set, options);
  if (!says && filed.length === 0) return { kind: 'objects', objects: [], reject: false };
  const shown = says ? picturesOf(set, answer) : [];
  const sources = await sourcesOf(answer, shown, objects);
  if ('kind' in sources) return sources;
  const pictures: PictureOfResult[] = [];
  for (const artefact of shown) {
    const read = await readPicture(objects, artefact);
    if (read.kind === 'left-out') return notToBeHad(`a ${artefact.kind}`, read.reason);
    pictures.push(read.picture);
  }
  const made = dicomObjectsOf(set, sources, pictures, filed, options);
  if (made.kind === 'invalid') return failed('invalid-input', `no DICOM objects: ${made.reason}`);
  if (made.structuredReport !== undefined || filed.length === 0) return inOrder(made, rejects(set, options));
  const state = set.review.signature === undefined ? 'withdrawn' : 'rejected';
  const note = rejects(set, options) ? made : dicomObjectsOf({ ...set, state }, sources, [], filed, options);
  return note.kind === 'invalid' ? failed('invalid-input', `no DICOM objects: ${note.reason}`) : inOrder(note, true);
}

function inOrder(made: DicomObjects, reject: boolean): ObjectsOfReport {
  const { segmentations, parametricMaps, secondaryCaptures, structuredReport, keyObjects } = made;
  const report = structuredReport === undefined ? [] : [structuredReport];
  const objects = [...segmentations, ...parametricMaps, ...secondaryCaptures, ...report, ...keyObjects];
  return { kind: 'objects', objects, reject };
}

function rejects({ state }: ResultSet, options: ObjectOptions): boolean {
  return stateOutside(state, options).structuredReport === 'rejection-note';
}

function saysSomething({ state }: ResultSet, options: ObjectOptions): boolean {
  const told = stateOutside(state, options).structuredReport;
  return told === 'UNVERIFIED' || told === 'VERIFIED';
}

/** Of findings that stand as the model said them: a person's own has no picture, and one that lies on another's image shows nothing. */
function picturesOf(set: ResultSet, { outcome }: InferenceCompleted): Shown[] {
  if (outcome.kind !== 'findings') return [];
  const byModel = toldFindings(set).flatMap((one) => (one.by === 'model' ? [one.finding] : []));
  return outcome.artefacts.flatMap((artefact): Shown[] => {
    const { kind, findingKey, source } = artefact;
    if (kind === 'key-image' || findingKey === undefined) return [];
    const shows = byModel.some((finding) => showsFinding({ findingKey, source }, finding));
    return shows ? [{ ...artefact, kind, findingKey }] : [];
  });
}

/** The first image, whose words on patient and study are copied, and those that pictures lie on: of a volume of hundreds a few. */
async function sourcesOf(
  { images }: InferenceCompleted,
  shown: readonly Shown[],
  objects: ObjectStore,
): Promise<SourceInstance[] | Failed> {
  const [first] = images;
  const wanted = new Set([first?.sopInstanceUid, ...shown.map(({ source }) => source.sopInstanceUid)]);
  const sources: SourceInstance[] = [];
  for (const uid of wanted) {
    const objectKey = images.find(({ sopInstanceUid }) => sopInstanceUid === uid)?.objectKey;
    if (objectKey === undefined) return failed('invalid-input', 'the answer does not say where its images lie');
    const read = await readSource(objects, objectKey);
    if (read.kind === 'left-out') return notToBeHad('an image of the study', read.reason);
    sources.push(read.source);
  }
  return sources;
}

/** A store that does not answer may do so later; what is gone or broken stays so. */
function notToBeHad(what: string, reason: 'missing' | 'too-large' | 'malformed' | 'unreadable'): Failed {
  return failed(reason === 'unreadable' ? 'unavailable' : 'invalid-input', `${what} is ${reason} in the object store`);
}
