import { add, cross, dot, scale, type Vector } from './vector.ts';

/** `at(v) = v[0]·axes[0] + v[1]·axes[1] + v[2]·axes[2] + origin`: the 4×4 matrix by its columns, without the last row. */
export interface Affine {
  axes: readonly [Vector, Vector, Vector];
  origin: Vector;
}

/** The vector without the origin: for steps and directions. */
export function turn({ axes }: Affine, [x, y, z]: Vector): Vector {
  return add(add(scale(axes[0], x), scale(axes[1], y)), scale(axes[2], z));
}

export function apply(affine: Affine, point: Vector): Vector {
  return add(turn(affine, point), affine.origin);
}

/** First `inner`, then `outer`. */
export function compose(outer: Affine, inner: Affine): Affine {
  const [x, y, z] = inner.axes;
  return { axes: [turn(outer, x), turn(outer, y), turn(outer, z)], origin: apply(outer, inner.origin) };
}

/** The way back. Volumes have three axes of their own, so there is one. */
export function invert({ axes: [a, b, c], origin }: Affine): Affine {
  const determinant = dot(a, cross(b, c));
  const rows = [cross(b, c), cross(c, a), cross(a, b)] as const;
  const column = (i: 0 | 1 | 2): Vector => [
    rows[0][i] / determinant,
    rows[1][i] / determinant,
    rows[2][i] / determinant,
  ];
  const turned: Affine = { axes: [column(0), column(1), column(2)], origin: [0, 0, 0] };
  return { axes: turned.axes, origin: scale(turn(turned, origin), -1) };
}

/** The 4×4 matrix row by row, as NIfTI and ITK write it. */
export function matrixOf({ axes: [a, b, c], origin: o }: Affine): number[] {
  return [a[0], b[0], c[0], o[0], a[1], b[1], c[1], o[1], a[2], b[2], c[2], o[2], 0, 0, 0, 1];
}
