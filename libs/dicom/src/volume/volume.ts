import { apply, invert, type Affine } from './affine.ts';
import { referenceOf, type Distinction, type FrameReference, type PlacedFrame } from './frame-description.ts';
import type { Plane } from './plane.ts';
import { cross, dot, length, unit, type Vector } from './vector.ts';
import type { VolumeIssue } from './volume-issue.ts';

/** Columns, rows, slices: of a voxel array the first runs fastest. */
export type Size = readonly [columns: number, rows: number, slices: number];

/** A grid of voxels in the patient: `voxelToPatient` takes the indices of a voxel (column, row, slice; 0 its centre) to LPS in mm. */
export interface Geometry {
  size: Size;
  voxelToPatient: Affine;
  patientToVoxel: Affine;
  /** Between the centres of columns, of rows and of slices along their normal, mm. */
  spacing: Vector;
}

/** A geometry and its voxels. */
export interface Voxels extends Geometry {
  /** Modality values; the voxel (column, row, slice) at column + columns × (row + rows × slice). */
  values: Float32Array;
}

export function geometryOf(size: Size, voxelToPatient: Affine): Geometry {
  const [x, y, z] = voxelToPatient.axes;
  const normal = unit(cross(x, y));
  const spacing: Vector = [length(x), length(y), Math.abs(dot(z, normal))];
  return { size, voxelToPatient, patientToVoxel: invert(voxelToPatient), spacing };
}

export function voxelCount([columns, rows, slices]: Size): number {
  return columns * rows * slices;
}

/** A frame and where it lies on the volume's third axis: a whole number where slices are even. */
export interface Slice {
  frame: PlacedFrame;
  at: number;
}

/** A series as one grid of even spacing. Its slices ascend along row × column; the first lies at 0, the last at or below size[2] - 1. */
export interface Volume extends Geometry {
  kind: 'volume';
  plane: Plane;
  slices: Slice[];
  /** Frames that lie where one of the slices does and are not read. */
  duplicates: { kept: PlacedFrame; dropped: PlacedFrame }[];
  issues: VolumeIssue[];
  distinguishedBy: Partial<Record<Distinction, string>>;
}

/** The frame a voxel lies in, and the pixel in it; between two frames the nearer one. */
export type VoxelSource =
  | { kind: 'frame'; frame: FrameReference; column: number; row: number; offSlices: number }
  | { kind: 'outside' };

/** `voxel` may be anywhere between centres. `offSlices` is how far from the frame it lies, in slice spacings. */
export function sourceOf(volume: Volume, [column, row, slice]: Vector): VoxelSource {
  const inside = [column, row, slice].every((at, axis) => at >= -0.5 && at < (volume.size[axis] ?? 0) - 0.5);
  const nearest = inside ? nearestSlice(volume.slices, slice) : undefined;
  if (nearest === undefined) return { kind: 'outside' };
  const frame = referenceOf(nearest.frame);
  return { kind: 'frame', frame, column: Math.round(column), row: Math.round(row), offSlices: slice - nearest.at };
}

/** The frame and pixel a point of the patient lies in. */
export function locate(volume: Volume, patient: Vector): VoxelSource {
  return sourceOf(volume, apply(volume.patientToVoxel, patient));
}

function nearestSlice(slices: readonly Slice[], at: number): Slice | undefined {
  let low = 0;
  let high = slices.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((slices[middle]?.at ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [slices[low - 1], slices[low]];
  if (before === undefined || after === undefined) return after;
  return at - before.at <= after.at - at ? before : after;
}
