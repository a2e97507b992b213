import { byNumber, type PlacedFrame } from './frame-description.ts';
import { normalOf } from './plane.ts';
import { gridUnder, onePlace, type Grid } from './slice-steps.ts';
import { dot } from './vector.ts';

/** Frames of one orientation in the order of their normal, one per place, on an even grid. */
export interface OrderedSlices {
  frames: PlacedFrame[];
  grid: Grid;
  duplicates: { kept: PlacedFrame; dropped: PlacedFrame }[];
}

/** A frame and how far along the normal it lies, mm. */
interface Ranked {
  frame: PlacedFrame;
  distance: number;
}

/**
 * Orders frames by ImagePositionPatient · normal (PS3.3 C.7.6.2.1.1), whatever order they come in and whatever their numbers say.
 * Of frames at one place the first by InstanceNumber stays.
 */
export function orderSlices(frames: readonly PlacedFrame[]): OrderedSlices {
  const duplicates: OrderedSlices['duplicates'] = [];
  const kept: Ranked[] = [];
  for (const place of placesOf(frames)) {
    const [first, ...others] = place.toSorted((a, b) => byNumber(a.frame, b.frame));
    if (first === undefined) continue;
    kept.push(first);
    for (const { frame } of others) duplicates.push({ kept: first.frame, dropped: frame });
  }
  const grid = gridUnder(kept.map(({ distance }) => distance));
  return { frames: kept.map(({ frame }) => frame), grid, duplicates };
}

/** Frames that lie at one distance along the normal, ascending. */
export function placesOf(frames: readonly PlacedFrame[]): Ranked[][] {
  const canonical = frames.toSorted(byNumber);
  const reference = canonical[0];
  if (reference === undefined) return [];
  const normal = normalOf(reference.imageOrientationPatient);
  const ranked = canonical.map((frame) => ({ frame, distance: dot(frame.imagePositionPatient, normal) }));
  const places: Ranked[][] = [];
  for (const each of ranked.toSorted((a, b) => a.distance - b.distance)) {
    const place = places.at(-1);
    if (place?.[0] !== undefined && each.distance - place[0].distance < onePlace) place.push(each);
    else places.push([each]);
  }
  return places;
}

/** How many neighbours are not one spacing apart: duplicates, gaps and uneven steps. 0 for a flawless stack. */
export function irregularSteps(frames: readonly PlacedFrame[]): number {
  const { grid, duplicates } = orderSlices(frames);
  const irregular = grid.at.slice(1).filter((at, i) => Math.abs(at - (grid.at[i] ?? 0) - 1) > 0.2);
  return duplicates.length + irregular.length;
}
