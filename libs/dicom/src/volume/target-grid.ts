import { apply } from './affine.ts';
import { add, cross, dot, scale, unit, type Vector } from './vector.ts';
import { geometryOf, type Geometry, type Size } from './volume.ts';

/** One number for all three axes, or one for each: columns, rows, slices; mm. */
export type Spacing = number | Vector;

type Directions = readonly [Vector, Vector, Vector];

const bodyAxes: Directions = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** The same axes, shear included, at another spacing: the same tissue from outer edge to outer edge, within half a voxel. */
export function respaced(geometry: Geometry, spacing: Spacing): Geometry {
  const factors = each((axis) => perAxis(spacing)[axis] / geometry.spacing[axis]);
  const size = each((axis) => Math.max(1, Math.round(geometry.size[axis] / factors[axis])));
  const axes = each((axis) => scale(geometry.voxelToPatient.axes[axis], factors[axis]));
  // The two grids share their centre, so what rounding adds or takes is shared by both ends.
  const first = each((axis) => (geometry.size[axis] - 1 - (size[axis] - 1) * factors[axis]) / 2);
  return geometryOf(size, { axes, origin: apply(geometry.voxelToPatient, first) });
}

/**
 * A grid of perpendicular axes around the whole volume: along its rows, columns and normal, so that a tilted series stands straight,
 * or along the body's axes (left, back, head), so that any series lies as an axial one.
 */
export function straightened(geometry: Geometry, spacing: Spacing, along: 'volume' | 'body' = 'volume'): Geometry {
  const directions = along === 'body' ? bodyAxes : ownAxes(geometry);
  const extents = directions.map((direction) => extentAlong(geometry, direction));
  const steps = perAxis(spacing);
  const span = each((axis) => extents[axis] ?? { from: 0, to: 0 });
  const size = each((axis) => Math.max(1, Math.ceil((span[axis].to - span[axis].from) / steps[axis] - 1e-6)));
  const first = each((axis) => (span[axis].from + span[axis].to - (size[axis] - 1) * steps[axis]) / 2);
  const axes = each((axis) => scale(directions[axis], steps[axis]));
  const origin = add(
    add(scale(directions[0], first[0]), scale(directions[1], first[1])),
    scale(directions[2], first[2]),
  );
  return geometryOf(size, { axes, origin });
}

function ownAxes({ voxelToPatient: { axes } }: Geometry): Directions {
  const row = unit(axes[0]);
  const normal = unit(cross(axes[0], axes[1]));
  return [row, cross(normal, row), normal];
}

/** From where to where along a direction the outer faces of the voxels reach, mm. */
function extentAlong({ size, voxelToPatient }: Geometry, direction: Vector): { from: number; to: number } {
  const at = corners(size).map((corner) => dot(apply(voxelToPatient, corner), direction));
  return { from: Math.min(...at), to: Math.max(...at) };
}

function corners([columns, rows, slices]: Size): Vector[] {
  const ends = (count: number): number[] => [-0.5, count - 0.5];
  return ends(columns).flatMap((x) => ends(rows).flatMap((y) => ends(slices).map((z): Vector => [x, y, z])));
}

function perAxis(spacing: Spacing): Vector {
  return typeof spacing === 'number' ? [spacing, spacing, spacing] : spacing;
}

function each<T>(of: (axis: 0 | 1 | 2) => T): readonly [T, T, T] {
  return [of(0), of(1), of(2)];
}
