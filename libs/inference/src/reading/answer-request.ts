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
import { drawArtefacts } from '../explanation/draw-artefacts.ts';
import type { Model } from '../models/model-repository.ts';
import type { PixelReader } from '../pixel-reader.ts';
import { modelLabel, refusals } from '../runtime-metrics.ts';
import type { Runtime } from '../runtime.ts';
import { failed, openObject, reach } from './open-objects.ts';
import type { Pipeline, Refused } from './pipeline.ts';
import { readObjects } from './read-objects.ts';
import type { SeriesObject } from './read-volume.ts';
import type { Read, Reader, Reading } from './reading.ts';

/** What a worker reads with. */
export interface Workplace {
  /** The model the request names, where it is served here. */
  model: Model | undefined;
  /** The pipeline for a model, by its manifest. */
  pipelineOf: (model: Model) => Pipeline;
  pixels: PixelReader;
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
  const { model, pixels, runtime, objects } = workplace;
  if (model === undefined) {
    return failed('unavailable', `this worker has no ${request.model.name}@${request.model.version}`);
  }
  const reader: Reader = { model, pipeline: workplace.pipelineOf(model), pixels, runtime };
  const place = { objects, study: request.study, token: attempt.token };
  const readings: Reading[] = [];
  const artefacts: Artefact[] = [];
  for await (const reading of readObjects(reader, opened(workplace, request.instances), attempt)) {
    if (reading.kind === 'failed' && reading.failure.kind !== 'invalid-input') return reading;
    if (reading.kind === 'refused') refusals.inc({ model: modelLabel(model), reason: reading.reason });
    readings.push(reading);
    if (reading.kind !== 'read') continue;
    const drawn = await reach(() => drawArtefacts(reader, reading.explained, place));
    if (drawn.kind === 'failed') return drawn;
    artefacts.push(...drawn.value);
    // Pixels and maps have been drawn: of a study of many images only what was found stays in memory.
    reading.explained = [];
  }
  return concluded(readings, artefacts, request.instances);
}

async function* opened(
  { objects, model }: Workplace,
  instances: readonly Instance[],
): AsyncGenerator<Read<SeriesObject>> {
  // Images are read one by one; a volume's are opened all before the first is read.
  const keep = model?.manifest.answer.unit === 'image';
  for (const instance of instances) yield await openObject(objects, instance, keep);
}

function concluded(readings: readonly Reading[], artefacts: Artefact[], instances: readonly Instance[]): Answered {
  const read = readings.filter((reading) => reading.kind === 'read');
  const keys = new Map<string, string>(instances.map(({ sopInstanceUid, objectKey }) => [sopInstanceUid, objectKey]));
  const images = read.flatMap((reading) => reading.images).map((image) => withKey(image, keys));
  const findings = read.flatMap((reading) => reading.findings);
  if (findings.length > 0) return { kind: 'answered', outcome: { kind: 'findings', findings, artefacts }, images };
  const invalid = readings.find((reading) => reading.kind === 'failed');
  if (invalid !== undefined) return invalid;
  const refused = readings.filter((reading) => reading.kind === 'refused');
  return { kind: 'answered', outcome: skipped(refused), images };
}

/** Whoever tells of an image may need what it says of patient and study, and where it lies. */
function withKey(image: SourceImage, keys: ReadonlyMap<string, string>): InferenceCompleted['images'][number] {
  const objectKey = keys.get(image.sopInstanceUid);
  return objectKey === undefined ? image : { ...image, objectKey };
}

/** The reason of the first image, and what was said of each. */
function skipped(refused: readonly Refused[]): InferenceOutcome {
  const details = [...new Set(refused.map(({ detail }) => detail))].join(' ');
  return { kind: 'skipped', reason: refused[0]?.reason ?? 'no-image', detail: details };
}
