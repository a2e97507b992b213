import { compose, type Affine } from './affine.ts';
import { mostVoxels, tooLarge, type TooLarge } from './read-voxels.ts';
import { smooth } from './smooth.ts';
import { voxelCount, type Geometry, type Size, type Voxels } from './volume.ts';

export interface ResampleOptions {
  /** `linear` for pictures, smoothed first along axes whose steps become wider; `nearest` for masks, whose values are names. */
  interpolation: 'linear' | 'nearest';
  /** Value of what lies outside the volume. */
  outside: number;
  most?: number;
}

export type Resampled = { kind: 'voxels'; voxels: Voxels } | TooLarge;

/** The volume on another grid in the same patient. A point keeps its place: only the voxels it lies between change. */
export function resample(
  source: Voxels,
  target: Geometry,
  { interpolation, outside, most = mostVoxels }: ResampleOptions,
): Resampled {
  const refusal = tooLarge(target.size, most);
  if (refusal !== undefined) return refusal;
  const map = compose(source.patientToVoxel, target.voxelToPatient);
  const linear = interpolation === 'linear';
  const values = linear ? smooth(source.values, source.size, stepsAcross(map)) : source.values;
  const sample = linear ? linearAt(values, source.size) : nearestAt(values, source.size);
  return { kind: 'voxels', voxels: { ...target, values: sampled(target.size, map, outside, source.size, sample) } };
}

/** How far, in voxels of the source along each of its axes, a step of the target reaches. */
export function stepsAcross({ axes: [x, y, z] }: Affine): [number, number, number] {
  return [Math.hypot(x[0], y[0], z[0]), Math.hypot(x[1], y[1], z[1]), Math.hypot(x[2], y[2], z[2])];
}

type Sample = (x: number, y: number, z: number) => number;

/** `map` takes a voxel of the target to the source. A voxel reaches half a step beyond its centre. */
function sampled(size: Size, map: Affine, outside: number, source: Size, sample: Sample): Float32Array {
  const values = new Float32Array(voxelCount(size));
  const [across, down, through] = map.axes;
  const edges = source.map((count) => count - 0.5 + 1e-6);
  const [columns, rows, slices] = [edges[0] ?? 0, edges[1] ?? 0, edges[2] ?? 0];
  const least = -0.5 - 1e-6;
  let at = 0;
  for (let k = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++) {
      const x0 = map.origin[0] + j * down[0] + k * through[0];
      const y0 = map.origin[1] + j * down[1] + k * through[1];
      const z0 = map.origin[2] + j * down[2] + k * through[2];
      for (let i = 0; i < size[0]; i++) {
        const x = x0 + i * across[0];
        const y = y0 + i * across[1];
        const z = z0 + i * across[2];
        const inside = x >= least && x <= columns && y >= least && y <= rows && z >= least && z <= slices;
        values[at++] = inside ? sample(x, y, z) : outside;
      }
    }
  }
  return values;
}

function clamped(index: number, count: number): number {
  return index < 0 ? 0 : index > count - 1 ? count - 1 : index;
}

function nearestAt(values: Float32Array, [columns, rows, slices]: Size): Sample {
  return (x, y, z) => {
    const row = ((clamped(y, rows) + 0.5) | 0) + rows * ((clamped(z, slices) + 0.5) | 0);
    return values[((clamped(x, columns) + 0.5) | 0) + columns * row] ?? 0;
  };
}

function linearAt(values: Float32Array, [columns, rows, slices]: Size): Sample {
  const plane = columns * rows;
  return (x, y, z) => {
    const cx = clamped(x, columns);
    const cy = clamped(y, rows);
    const cz = clamped(z, slices);
    const i = cx | 0;
    const j = cy | 0;
    const k = cz | 0;
    const right = i < columns - 1 ? 1 : 0;
    const down = j < rows - 1 ? columns : 0;
    const through = k < slices - 1 ? plane : 0;
    const at = i + columns * j + plane * k;
    const here = bilinear(values, at, right, down, cx - i, cy - j);
    return here + (cz - k) * (bilinear(values, at + through, right, down, cx - i, cy - j) - here);
  };
}

function bilinear(values: Float32Array, at: number, right: number, down: number, fx: number, fy: number): number {
  const a = values[at] ?? 0;
  const c = values[at + down] ?? 0;
  const above = a + fx * ((values[at + right] ?? 0) - a);
  return above + fy * (c + fx * ((values[at + down + right] ?? 0) - c) - above);
}
