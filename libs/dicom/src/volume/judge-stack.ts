import { referenceOf } from './frame-description.ts';
import type { OrderedSlices } from './order-slices.ts';
import { normalOf } from './plane.ts';
import { onGrid } from './slice-steps.ts';
import { add, dot, length, scale, subtract, type Vector } from './vector.ts';
import type { Gap, VolumeIssue, VolumeRefusal } from './volume-issue.ts';

/** Degrees between the step and the normal from which a stack counts as tilted: less is how positions are rounded. */
const tiltFrom = 0.5;

/** A fifth of the slices may be made up between others; more is no picture of the patient. */
const mostMissing = 0.2;

/** An uneven step this many spacings wide is no other spacing but a hole. */
const hole = 2.5;

/** What forbids to read ordered slices as one volume; `step` is from slice to slice, mm. */
export function stackRefusal(ordered: OrderedSlices, step: Vector): VolumeRefusal | undefined {
  const mostMm = farthestOffLine(ordered, step);
  const [first] = ordered.frames;
  if (first === undefined) return { kind: 'single-slice' };
  if (mostMm > Math.min(first.pixelSpacing.row, first.pixelSpacing.column))
    return { kind: 'positions-off-line', mostMm };
  const missing = gapsOf(ordered).reduce((sum, gap) => sum + gap.missing, 0);
  const of = missing + ordered.frames.length;
  return missing > mostMissing * of ? { kind: 'too-many-missing-slices', missing, of } : undefined;
}

/** Farthest that a slice is shifted within its plane against the line from the first to the last, mm. */
function farthestOffLine({ frames, grid }: OrderedSlices, step: Vector): number {
  const [first] = frames;
  if (first === undefined) return 0;
  const { row, column } = first.imageOrientationPatient;
  const off = frames.map((frame, i) => {
    const expected = add(first.imagePositionPatient, scale(step, grid.at[i] ?? 0));
    const shift = subtract(frame.imagePositionPatient, expected);
    return Math.hypot(dot(shift, row), dot(shift, column));
  });
  return off.reduce((most, each) => Math.max(most, each), 0);
}

export function stackIssues(ordered: OrderedSlices, step: Vector): VolumeIssue[] {
  return [
    ...tilt(ordered, step),
    ...missingSlices(ordered),
    ...unevenSpacing(ordered),
    ...sparseSlices(ordered),
    ...duplicateSlices(ordered),
  ];
}

function tilt({ frames: [first] }: OrderedSlices, step: Vector): VolumeIssue[] {
  if (first === undefined) return [];
  const cosine = dot(step, normalOf(first.imageOrientationPatient)) / length(step);
  const degrees = (Math.acos(Math.min(1, cosine)) * 180) / Math.PI;
  return degrees < tiltFrom ? [] : [{ kind: 'gantry-tilt', degrees }];
}

function gapsOf({ frames, grid }: OrderedSlices): Gap[] {
  return frames.slice(1).flatMap((before, i) => {
    const after = frames[i];
    const wide = (grid.at[i + 1] ?? 0) - (grid.at[i] ?? 0);
    const whole = Math.abs(wide - Math.round(wide)) <= 2 * onGrid;
    const missing = whole || wide > hole ? Math.round(wide) - 1 : 0;
    return after === undefined || missing < 1
      ? []
      : [{ after: referenceOf(after), before: referenceOf(before), missing }];
  });
}

function missingSlices(ordered: OrderedSlices): VolumeIssue[] {
  const gaps = gapsOf(ordered);
  const missing = gaps.reduce((sum, gap) => sum + gap.missing, 0);
  return missing === 0 ? [] : [{ kind: 'missing-slices', gaps, missing }];
}

function unevenSpacing({ grid }: OrderedSlices): VolumeIssue[] {
  if (grid.even) return [];
  const steps = grid.at.slice(1).map((at, i) => (at - (grid.at[i] ?? 0)) * grid.spacing);
  const leastMm = steps.reduce((least, step) => Math.min(least, step), Infinity);
  const mostMm = steps.reduce((most, step) => Math.max(most, step), 0);
  return [{ kind: 'uneven-spacing', leastMm, mostMm }];
}

/** Spacing over one and a half times the thickness: a third of the tissue or more lies between slices. */
function sparseSlices({ frames: [first], grid }: OrderedSlices): VolumeIssue[] {
  const thicknessMm = first?.sliceThickness;
  if (thicknessMm === undefined || grid.spacing <= 1.5 * thicknessMm) return [];
  return [{ kind: 'sparse-slices', thicknessMm, spacingMm: grid.spacing }];
}

function duplicateSlices({ duplicates }: OrderedSlices): VolumeIssue[] {
  const pairs = duplicates.map(({ kept, dropped }) => ({ kept: referenceOf(kept), dropped: referenceOf(dropped) }));
  return pairs.length === 0 ? [] : [{ kind: 'duplicate-slices', duplicates: pairs, pixels: 'not compared' }];
}
