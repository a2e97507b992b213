import { createHash, randomUUID } from 'node:crypto';
import type {
  Artefact,
  Failure,
  InferenceCompleted,
  InferenceOutcome,
  InferenceRequested,
  Instance,
} from '@sightline/contracts';
import type { SourceImage } from '@sightline/findings';
import type { ObjectStore } from '@sightline/object-store';
import { describeError } from '@sightline/platform';
import { drawHeatMap } from './heat-map.ts';
import { drawKeyImage } from './key-image.ts';
import { findModel, type Model } from './model-repository.ts';
import type { Pipeline, Refused } from './pipeline.ts';
import { readImage, type ImageRead, type ImageReading, type Reader } from './read-image.ts';
import type { Computed, Runtime } from './runtime.ts';

/** What a worker reads with. */
export interface Workplace {
  models: readonly Model[];
  /** The pipeline for a model, by its manifest. */
  pipelineOf: (model: Model) => Pipeline;
  runtime: Runtime;
  objects: ObjectStore;
}

export interface Attempt {
  /** Fencing token of the lease; part of every artefact's key, which no other attempt can have. */
  token: string;
  signal: AbortSignal;
}

/** The answer to a request, or a failure that says whether to try again. Rejects only with the signal's reason. */
export type Answered =
  | { kind: 'answered'; outcome: InferenceOutcome; images: InferenceCompleted['images'] }
  | { kind: 'failed'; failure: Failure };

/** Reads every instance of a request. One image that may be read is enough for findings; the others are left out of them. */
export async function answerRequest(
  workplace: Workplace,
  request: InferenceRequested,
  attempt: Attempt,
): Promise<Answered> {
  const model = findModel(workplace.models, request.model);
  if (model === undefined) {
    return failed('unavailable', `this worker has no ${request.model.name}@${request.model.version}`);
  }
  const reader: Reader = { model, pipeline: workplace.pipelineOf(model), runtime: workplace.runtime };
  const readings: ImageReading[] = [];
  const artefacts: Artefact[] = [];
  for (const instance of request.instances) {
    const object = await fetchObject(workplace.objects, instance);
    if (object.kind === 'failed') return object;
    const reading = await readImage(reader, object.value, attempt.signal);
    if (reading.kind === 'failed' && reading.failure.kind !== 'invalid-input') return reading;
    readings.push(reading);
    if (reading.kind !== 'read') continue;
    const drawn = await keep(() => draw(workplace.objects, reading, request, { model, attempt }));
    if (drawn.kind === 'failed') return drawn;
    artefacts.push(...drawn.value);
  }
  return conclude(readings, artefacts);
}

function conclude(readings: ImageReading[], artefacts: Artefact[]): Answered {
  const read = readings.filter((reading) => reading.kind === 'read');
  const images = read.map(sourceOf);
  const findings = read.flatMap((reading) => reading.findings);
  if (findings.length > 0) return { kind: 'answered', outcome: { kind: 'findings', findings, artefacts }, images };
  const invalid = readings.find((reading) => reading.kind === 'failed');
  if (invalid !== undefined) return invalid;
  const refused = readings.filter((reading) => reading.kind === 'refused');
  return { kind: 'answered', outcome: skipped(refused), images };
}

/** The reason of the first image, and what was said of each. */
function skipped(refused: Refused[]): InferenceOutcome {
  const details = [...new Set(refused.map(({ detail }) => detail))].join(' ');
  return { kind: 'skipped', reason: refused[0]?.reason ?? 'no-image', detail: details };
}

async function fetchObject(objects: ObjectStore, instance: Instance): Promise<Computed<Buffer>> {
  const fetched = await keep(() => objects.read(instance.objectKey));
  if (fetched.kind === 'failed') return fetched;
  const sha256 = createHash('sha256').update(fetched.value).digest('hex');
  return sha256 === instance.sha256 ? fetched : failed('defect', 'an object is not what was stored');
}

/** Whatever the object store throws may pass: a folder not mounted yet, a full disk. */
async function keep<T>(access: () => Promise<T>): Promise<Computed<T>> {
  try {
    return { kind: 'computed', value: await access() };
  } catch (error) {
    return failed('unavailable', `the object store: ${describeError(error)}`);
  }
}

async function draw(
  objects: ObjectStore,
  reading: ImageRead,
  { study }: InferenceRequested,
  { model, attempt }: { model: Model; attempt: Attempt },
): Promise<Artefact[]> {
  const { name, version, outputs } = model.manifest;
  const { width, height } = reading.pixels;
  const source = sourceOf(reading);
  const folder = `artefacts/${study.studyInstanceUid}/${study.revision}/${name}/${version}/${source.sopInstanceUid}`;
  const put = async (key: string, png: Buffer): Promise<{ objectKey: string; mediaType: 'image/png' }> => {
    const objectKey = `${folder}-${key}-${attempt.token}-${randomUUID()}.png`;
    await objects.write(objectKey, once(png));
    return { objectKey, mediaType: 'image/png' };
  };
  const artefacts: Artefact[] = [
    { kind: 'key-image', source, width, height, ...(await put('image', await drawKeyImage(reading.pixels))) },
  ];
  for (const output of outputs) {
    const png = await drawHeatMap(output, reading.answer, { width, height });
    artefacts.push({
      kind: 'heat-map',
      findingKey: output.key,
      source,
      width,
      height,
      ...(await put(output.key, png)),
    });
  }
  return artefacts;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function sourceOf({ header }: ImageRead): SourceImage {
  const { seriesInstanceUid, sopClassUid, sopInstanceUid } = header;
  return { seriesInstanceUid, sopClassUid, sopInstanceUid };
}

function failed(kind: Failure['kind'], message: string): { kind: 'failed'; failure: Failure } {
  return { kind: 'failed', failure: { kind, message } };
}
