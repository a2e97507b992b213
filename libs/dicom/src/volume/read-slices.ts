import { referenceOf, type FrameDescription, type FrameReference } from './frame-description.ts';
import { onGrid } from './slice-steps.ts';
import type { Slice, Volume } from './volume.ts';

/**
 * The values of one frame, row by row: `stored` ones, which the frame's own slope and intercept are applied to, or `modality` values
 * that they were applied to already.
 */
export type FrameValues =
  | { kind: 'stored'; values: ArrayLike<number> }
  | { kind: 'modality'; values: Float32Array }
  | { kind: 'unreadable'; reason: string };

/** Whoever has the pixels: decodes one frame when it is asked for. */
export type ReadFrame = (frame: FrameDescription) => Promise<FrameValues>;

export type SliceValues =
  /** `made` where no frame lies there and the values are interpolated between the two next to it. */
  { kind: 'slice'; index: number; values: Float32Array; made: boolean } | Unreadable;

export interface Unreadable {
  kind: 'unreadable';
  frame: FrameReference;
  reason: string;
}

/**
 * The slices of a volume in order, from `from` up to but not including `to`, one frame read at a time and two held at most; their
 * values are to be read, not written. Ends at the first frame that cannot be read: a volume with a hole of unknown content is none.
 */
export async function* readSlices(
  volume: Volume,
  read: ReadFrame,
  { from = 0, to = volume.size[2] } = {},
): AsyncGenerator<SliceValues> {
  const held = new HeldFrames(read);
  let below = 0;
  for (let index = Math.max(0, from); index < Math.min(to, volume.size[2]); index++) {
    while ((volume.slices[below + 1]?.at ?? Infinity) <= index + onGrid) below++;
    const slice = await sliceAt(index, volume.slices.slice(below, below + 2), held);
    yield slice;
    if (slice.kind === 'unreadable') return;
  }
}

async function sliceAt(index: number, [below, above]: Slice[], held: HeldFrames): Promise<SliceValues> {
  if (below === undefined) throw new RangeError('a volume has slices');
  const first = await held.read(below.frame);
  if (first.kind === 'unreadable') return first;
  if (above === undefined || Math.abs(index - below.at) <= onGrid)
    return { kind: 'slice', index, values: first.values, made: false };
  const second = await held.read(above.frame);
  if (second.kind === 'unreadable') return second;
  const share = Math.min(1, Math.max(0, (index - below.at) / (above.at - below.at)));
  return { kind: 'slice', index, values: mixed(first.values, second.values, share), made: true };
}

function mixed(a: Float32Array, b: Float32Array, share: number): Float32Array {
  return a.map((value, i) => value + share * ((b[i] ?? 0) - value));
}

type ModalityValues = { kind: 'values'; values: Float32Array } | Unreadable;

/** Reads each frame once while the slices around it are made, and keeps the last two. */
class HeldFrames {
  readonly #read: ReadFrame;
  #held: { frame: FrameDescription; values: ModalityValues }[] = [];

  constructor(read: ReadFrame) {
    this.#read = read;
  }

  async read(frame: FrameDescription): Promise<ModalityValues> {
    const known = this.#held.find((held) => held.frame === frame);
    if (known !== undefined) return known.values;
    const values = await readModalityValues(frame, this.#read);
    this.#held = [...this.#held.slice(-1), { frame, values }];
    return values;
  }
}

/** The modality values of one frame: Hounsfield units for CT. */
export async function readModalityValues(frame: FrameDescription, read: ReadFrame): Promise<ModalityValues> {
  const answer = await read(frame);
  const unreadable = (reason: string): Unreadable => ({ kind: 'unreadable', frame: referenceOf(frame), reason });
  if (answer.kind === 'unreadable') return unreadable(answer.reason);
  const pixels = frame.rows * frame.columns;
  if (answer.values.length !== pixels) return unreadable(`${answer.values.length} values for ${pixels} pixels`);
  if (answer.kind === 'modality') return { kind: 'values', values: answer.values };
  const { slope, intercept } = frame.rescale;
  return { kind: 'values', values: Float32Array.from(answer.values, (stored) => stored * slope + intercept) };
}
