import { byNumber, distinctions, type Distinction, type PlacedFrame } from './frame-description.ts';
import { irregularSteps, placesOf } from './order-slices.ts';
import type { Orientation } from './plane.ts';
import { dot } from './vector.ts';

/** Frames that differ in one of these never share a volume: other coordinates, another grid, another contrast or another time. */
const always: readonly Distinction[] = distinctions.slice(0, distinctions.indexOf('StackID'));

/**
 * Scanners count these up within one volume too (an acquisition number per rotation, a trigger time per slice): frames are told
 * apart by them only where that makes stacks more regular than the whole.
 */
const whereNeeded: readonly Distinction[] = ['StackID', 'AcquisitionNumber', 'TriggerTime'];

export interface VolumeFrames {
  frames: PlacedFrame[];
  /** What these frames share and others of the series do not. */
  distinguishedBy: Partial<Record<Distinction, string>>;
}

/** Frames → those of one volume each, largest first; the same for any order of frames. */
export function splitSeries(placed: readonly PlacedFrame[]): VolumeFrames[] {
  const frames = withGeometryAsText(placed.toSorted(byNumber));
  const key = (frame: PlacedFrame): string => JSON.stringify(always.map((name) => frame.distinctions[name] ?? ''));
  const groups = [...Map.groupBy(frames, key).values()].flatMap(splitWhereNeeded);
  const by = distinctions.filter((name) => new Set(groups.map(([first]) => first?.distinctions[name])).size > 1);
  return groups
    .map((group) => ({ frames: group, distinguishedBy: shared(group, by) }))
    .sort((a, b) => b.frames.length - a.frames.length);
}

function shared(frames: readonly PlacedFrame[], by: readonly Distinction[]): VolumeFrames['distinguishedBy'] {
  const said = by.flatMap((name) => {
    const [value, ...others] = new Set(frames.map((frame) => frame.distinctions[name]));
    return value === undefined || others.length > 0 ? [] : [[name, value]];
  });
  return Object.fromEntries(said) as VolumeFrames['distinguishedBy'];
}

function splitWhereNeeded(frames: PlacedFrame[]): PlacedFrame[][] {
  const whole = irregularSteps(frames);
  if (whole === 0) return [frames];
  for (const name of whereNeeded) {
    const parts = partsBy(frames, name);
    if (parts.length < 2 || parts.some((part) => part.length < 2)) continue;
    const irregular = parts.reduce((sum, part) => sum + irregularSteps(part), 0);
    // Cutting an even stack in n removes n - 1 steps whatever it is cut by: each cut has to make up for one irregularity.
    if (irregular <= whole - (parts.length - 1)) return parts.flatMap(splitWhereNeeded);
  }
  return byPhase(frames) ?? [frames];
}

/**
 * A heart's phases where each slice has trigger times of its own: the first of every place, the second of every place, and so on.
 */
function byPhase(frames: readonly PlacedFrame[]): PlacedFrame[][] | undefined {
  const places = placesOf(frames).map((place) => place.map(({ frame }) => frame).toSorted(byTrigger));
  const phases = places[0]?.length ?? 0;
  const told = (place: PlacedFrame[]): boolean => new Set(place.map(triggerOf)).size === phases;
  if (phases < 2 || places.length < 2 || frames.some((frame) => Number.isNaN(triggerOf(frame)))) return undefined;
  if (!places.every((place) => place.length === phases && told(place))) return undefined;
  return Array.from({ length: phases }, (_, phase) => places.flatMap((place) => place.slice(phase, phase + 1)));
}

function triggerOf({ distinctions }: PlacedFrame): number {
  return Number(distinctions.TriggerTime ?? NaN);
}

function byTrigger(a: PlacedFrame, b: PlacedFrame): number {
  return triggerOf(a) - triggerOf(b);
}

function partsBy(frames: readonly PlacedFrame[], name: Distinction): PlacedFrame[][] {
  return [...Map.groupBy(frames, (frame) => frame.distinctions[name] ?? '').values()];
}

/** Orientation and spacing are equal within what rounding makes of them, so they become text by likeness and not by digits. */
function withGeometryAsText(frames: readonly PlacedFrame[]): PlacedFrame[] {
  const orientation = likeness<Orientation>(sameOrientation, ({ row, column }) =>
    [...row, ...column].map((cosine) => cosine.toFixed(3)).join('\\'),
  );
  const spacing = likeness<PlacedFrame['pixelSpacing']>(
    (a, b) => near(a.row, b.row) && near(a.column, b.column),
    ({ row, column }) => `${row.toFixed(4)}\\${column.toFixed(4)}`,
  );
  return frames.map((frame) => ({
    ...frame,
    distinctions: {
      ...frame.distinctions,
      ImageOrientationPatient: orientation(frame.imageOrientationPatient),
      PixelSpacing: spacing(frame.pixelSpacing),
    },
  }));
}

function likeness<T>(same: (a: T, b: T) => boolean, text: (value: T) => string): (value: T) => string {
  const met: T[] = [];
  return (value) => {
    const known = met.find((other) => same(other, value));
    if (known === undefined) met.push(value);
    return text(known ?? value);
  };
}

/** Half a degree: 2 mm over a head. */
const sameDirection = Math.cos((0.5 * Math.PI) / 180);

function sameOrientation(a: Orientation, b: Orientation): boolean {
  return dot(a.row, b.row) > sameDirection && dot(a.column, b.column) > sameDirection;
}

function near(a: number, b: number): boolean {
  return Math.abs(a - b) < 0.001 * a;
}
