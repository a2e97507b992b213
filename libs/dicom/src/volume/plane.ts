import { cross, dot, type Vector } from './vector.ts';

/** Direction cosines of a row and of a column (0020,0037): unit vectors, perpendicular. */
export interface Orientation {
  row: Vector;
  column: Vector;
}

export type Plane = 'axial' | 'coronal' | 'sagittal' | 'oblique';

/**
 * Least cosine between a plane's normal and an axis of the body for the plane to bear that axis's name: within 37°, so that a
 * tilted gantry still scans axially. The limit many viewers label the edges of an image by.
 */
const namedWithin = 0.8;

const axes = [
  { plane: 'sagittal', axis: [1, 0, 0] },
  { plane: 'coronal', axis: [0, 1, 0] },
  { plane: 'axial', axis: [0, 0, 1] },
] as const;

/** The way slices are counted: right-handed, row × column. */
export function normalOf({ row, column }: Orientation): Vector {
  return cross(row, column);
}

export function planeOf(orientation: Orientation): Plane {
  const normal = normalOf(orientation);
  return axes.find(({ axis }) => Math.abs(dot(normal, axis)) >= namedWithin)?.plane ?? 'oblique';
}

/**
 * Six direction cosines as an orientation, or undefined where they are not two perpendicular directions: sloppy rounding (1 in
 * 100) is straightened, anything else says nothing about the patient.
 */
export function orientationOf(cosines: readonly number[] | undefined): Orientation | undefined {
  const [a, b, c, d, e, f] = cosines ?? [];
  if (a === undefined || b === undefined || c === undefined) return undefined;
  if (d === undefined || e === undefined || f === undefined) return undefined;
  return straightened([a, b, c], [d, e, f]);
}

function straightened(row: Vector, column: Vector): Orientation | undefined {
  const lengths = [Math.hypot(...row), Math.hypot(...column)] as const;
  const along = dot(row, column);
  if (!lengths.every((length) => Math.abs(length - 1) < 0.01) || !(Math.abs(along) < 0.01)) return undefined;
  const r: Vector = [row[0] / lengths[0], row[1] / lengths[0], row[2] / lengths[0]];
  const lean = dot(r, column);
  const c: Vector = [column[0] - lean * r[0], column[1] - lean * r[1], column[2] - lean * r[2]];
  const length = Math.hypot(...c);
  return { row: r, column: [c[0] / length, c[1] / length, c[2] / length] };
}
