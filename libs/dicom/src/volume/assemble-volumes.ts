import { byNumber, type Distinction, type FrameDescription, type PlacedFrame } from './frame-description.ts';
import { orderSlices, type OrderedSlices } from './order-slices.ts';
import { planeOf } from './plane.ts';
import { stackIssues, stackRefusal } from './judge-stack.ts';
import { onGrid } from './slice-steps.ts';
import { lackingOf } from './side.ts';
import { splitSeries, type VolumeFrames } from './split-series.ts';
import { scale, subtract, type Vector } from './vector.ts';
import { geometryOf, type Volume } from './volume.ts';
import type { VolumeRefusal } from './volume-issue.ts';

/** Frames that are no volume, and why. */
export interface RefusedFrames {
  kind: 'refused';
  frames: FrameDescription[];
  refusal: VolumeRefusal;
  distinguishedBy: Partial<Record<Distinction, string>>;
}

export interface AssembledSeries {
  /** Largest first. */
  volumes: Volume[];
  refused: RefusedFrames[];
}

/**
 * The volumes that frames make, by their geometry alone: localizers set aside, frames of another orientation, grid, contrast or
 * time in volumes of their own, each in the order of its normal. Every frame is in one volume, among its duplicates, or refused.
 */
export function assembleVolumes(frames: readonly FrameDescription[]): AssembledSeries {
  const localizers = frames.filter(isLocalizer);
  const others = frames.filter((frame) => !isLocalizer(frame));
  const unplaced = others.filter((frame) => lackingOf(frame).length > 0);
  const groups = splitSeries(others.filter(isPlaced));
  const by = [...new Set(groups.flatMap(({ distinguishedBy }) => Object.keys(distinguishedBy) as Distinction[]))];
  const assembled = groups.map((group) => assembleOne(group, by));
  const lacks = [...new Set(unplaced.flatMap(lackingOf))];
  return {
    volumes: assembled.filter((each) => each.kind === 'volume'),
    refused: [
      ...assembled.filter((each) => each.kind === 'refused'),
      ...refusedAll(unplaced, { kind: 'missing-geometry', lacking: lacks }),
      ...refusedAll(localizers, { kind: 'localizer' }),
    ],
  };
}

function refusedAll(frames: readonly FrameDescription[], refusal: VolumeRefusal): RefusedFrames[] {
  return frames.length === 0
    ? []
    : [{ kind: 'refused', frames: frames.toSorted(byNumber), refusal, distinguishedBy: {} }];
}

/** PS3.3 C.7.6.1.1.2 and C.8.2.1.1.1: the third value of Image Type. */
function isLocalizer({ imageType }: FrameDescription): boolean {
  return imageType.includes('LOCALIZER');
}

function isPlaced(frame: FrameDescription): frame is PlacedFrame {
  return lackingOf(frame).length === 0;
}

function assembleOne({ frames, distinguishedBy }: VolumeFrames, by: Distinction[]): Volume | RefusedFrames {
  const ordered = orderSlices(frames);
  const [first] = ordered.frames;
  const last = ordered.frames.at(-1);
  if (first === undefined || last === undefined || first === last)
    return { kind: 'refused', frames, refusal: { kind: 'single-slice' }, distinguishedBy };
  const step = scale(
    subtract(last.imagePositionPatient, first.imagePositionPatient),
    1 / (ordered.grid.at.at(-1) ?? 1),
  );
  const refusal = stackRefusal(ordered, step);
  if (refusal !== undefined) return { kind: 'refused', frames, refusal, distinguishedBy };
  const issues = stackIssues(ordered, step);
  if (by.length > 0) issues.push({ kind: 'several-volumes', by });
  return { ...gridOf(ordered, first, step), kind: 'volume', issues, distinguishedBy };
}

function gridOf(
  ordered: OrderedSlices,
  first: PlacedFrame,
  step: Vector,
): Omit<Volume, 'kind' | 'issues' | 'distinguishedBy'> {
  const { frames, grid, duplicates } = ordered;
  const { imageOrientationPatient: orientation, pixelSpacing, imagePositionPatient: origin } = first;
  const axes = [
    scale(orientation.row, pixelSpacing.column),
    scale(orientation.column, pixelSpacing.row),
    step,
  ] as const;
  const slices = Math.floor((grid.at.at(-1) ?? 0) + onGrid) + 1;
  return {
    ...geometryOf([first.columns, first.rows, slices], { axes, origin }),
    plane: planeOf(orientation),
    slices: frames.map((frame, i) => ({ frame, at: grid.at[i] ?? 0 })),
    duplicates,
  };
}
