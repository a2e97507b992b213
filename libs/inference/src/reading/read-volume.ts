import type { FrameDescription } from '@sightline/dicom';
import { aggregate, strongestOf } from './aggregate.ts';
import { askFrames, type FrameRead, type FrameReading } from './ask-frames.ts';
import { chooseVolume, type ChosenVolume } from './choose-volume.ts';
import type { Refused, SubjectLogit } from './pipeline.ts';
import type { Failed, OpenedObject, Reader, Reading } from './reading.ts';
import { sourceOf, type Subject } from './subject.ts';

/** Slices asked about together: the runtime makes batches of them, and no more are in memory. */
const together = 16;

/** An image that passed the gate on its header, and its frames as their geometry describes them. */
export interface SeriesObject extends OpenedObject {
  frames: readonly FrameDescription[];
}

/** A slice that was answered, without its pixels. */
interface AnsweredSlice {
  frame: FrameRead['frame'];
  /** Among all slices, from 1. */
  number: number;
  logits: Float32Array;
}

/** What a model says of a volume: one answer for all its slices, however many, a few of them in memory at a time. */
export async function readVolume(
  reader: Reader,
  objects: readonly SeriesObject[],
  options: { signal: AbortSignal; beyondGates?: boolean },
): Promise<Reading> {
  const { selection } = reader.model.manifest.input;
  if (selection.kind !== 'volume') throw new RangeError('the model reads no volumes');
  const chosen = chooseVolume(
    selection,
    objects.flatMap(({ frames }) => frames),
  );
  if (chosen.kind === 'refused') return chosen;
  const slices = new Slices(reader);
  const byUid = new Map(objects.map((object) => [String(object.header.sopInstanceUid), object]));
  for (const frames of chunks(chosen.volume.slices.map(({ frame }) => frame))) {
    for (const slice of await askTogether(reader, byUid, frames, options)) {
      if (slice.kind === 'failed') return slice;
      slices.add(slice);
    }
  }
  return slices.conclude(chosen);
}

/** Frames in their order. Those of one object are asked about at once: it may be large, and is fetched and taken apart for each asking. */
async function askTogether(
  reader: Reader,
  byUid: ReadonlyMap<string, OpenedObject>,
  frames: readonly FrameDescription[],
  options: { signal: AbortSignal },
): Promise<FrameReading[]> {
  const uids = [...new Set(frames.map(({ sopInstanceUid }) => sopInstanceUid))];
  const asked = uids.map(async (uid) => {
    const object = byUid.get(uid);
    if (object === undefined) throw new RangeError('a slice of no object');
    const mine = frames.filter(({ sopInstanceUid }) => sopInstanceUid === uid);
    const numbers = mine.map(({ frameNumber }) => frameNumber);
    const answers = await askFrames(reader, object, numbers, options);
    // An object that fails or is refused as a whole says so once.
    return mine.map((frame, i) => [frame, answers[i] ?? answers[0]] as const);
  });
  const answers = new Map((await Promise.all(asked)).flat());
  return frames.flatMap((frame) => answers.get(frame) ?? []);
}

function* chunks<T>(items: readonly T[]): Generator<T[]> {
  for (let from = 0; from < items.length; from += together) yield items.slice(from, from + together);
}

/** Slices as they are answered; pixels and maps are kept of those alone that say most. */
class Slices {
  readonly #answered: AnsweredSlice[] = [];
  readonly #refused: Refused[] = [];
  readonly #explained = new Map<string, { logit: number; slice: FrameRead }>();

  constructor(private readonly reader: Reader) {}

  add(slice: Exclude<FrameReading, Failed>): void {
    if (slice.kind === 'refused') {
      this.#refused.push(slice);
      return;
    }
    const logits = slice.answer.logits.data;
    const number = this.#answered.length + this.#refused.length + 1;
    this.#answered.push({ frame: slice.frame, number, logits });
    for (const { key, index } of this.reader.model.manifest.outputs) {
      const logit = logits[index] ?? Number.NaN;
      if (logit > (this.#explained.get(key)?.logit ?? -Infinity)) this.#explained.set(key, { logit, slice });
    }
  }

  /** A volume is refused where most of its slices are: the ends of one often show next to nothing. */
  conclude({ notes }: Extract<ChosenVolume, { kind: 'chosen' }>): Reading {
    const [refused] = this.#refused;
    if (refused !== undefined && this.#refused.length >= this.#answered.length)
      return commonest(this.#refused, refused);
    const { model, pipeline } = this.reader;
    const { unit } = model.manifest.answer;
    const frames = this.#answered.map(({ frame }) => frame);
    const identity = frames[0]?.header.seriesInstanceUid ?? '';
    const left = this.#refused.length;
    const count = frames.length + left;
    const slices = { numbers: this.#answered.map(({ number }) => number), count };
    const unread = left === 0 ? [] : [`${left} of ${count} slices could not be read by the model.`];
    const subject: Subject = { unit, identity, frames, slices, notes: [...notes, ...unread] };
    const findings = pipeline.conclude(model.manifest, subject, this.#logits());
    const explained = [...new Set([...this.#explained.values()].map(({ slice }) => slice))];
    return { kind: 'read', findings, explained, images: frames.map(sourceOf) };
  }

  #logits(): Map<string, SubjectLogit> {
    const { answer, outputs } = this.reader.model.manifest;
    return new Map(
      outputs.map(({ key, index }) => {
        const logits = this.#answered.map((slice) => slice.logits[index] ?? Number.NaN);
        const strongest = strongestOf(logits);
        const alone = { logit: logits[strongest] ?? Number.NaN, strongest };
        return [key, answer.unit === 'study' ? aggregate(answer, logits) : alone];
      }),
    );
  }
}

function commonest(refused: readonly Refused[], first: Refused): Refused {
  const count = ({ reason }: Refused): number => refused.filter((other) => other.reason === reason).length;
  return refused.reduce((most, each) => (count(each) > count(most) ? each : most), first);
}
