import { apply } from './affine.ts';
import { readSlices, type ReadFrame, type Unreadable } from './read-slices.ts';
import { geometryOf, voxelCount, type Geometry, type Size, type Volume, type Voxels } from './volume.ts';

/** 512 MiB of floats: 512 slices of 512². Larger volumes are read slab by slab. */
export const mostVoxels = 2 ** 27;

export type ReadVoxels = { kind: 'voxels'; voxels: Voxels } | TooLarge | Unreadable;

export interface TooLarge {
  kind: 'too-large';
  voxels: number;
  most: number;
}

/** Undefined where the grid may be held in memory. */
export function tooLarge(size: Size, most: number): TooLarge | undefined {
  const voxels = voxelCount(size);
  return voxels > most ? { kind: 'too-large', voxels, most } : undefined;
}

/** The whole volume, or as many slices of it as `from` and `to` say, in one array. */
export async function readVoxels(
  volume: Volume,
  read: ReadFrame,
  { from = 0, to = volume.size[2], most = mostVoxels } = {},
): Promise<ReadVoxels> {
  const geometry = slab(volume, from, Math.min(to, volume.size[2]));
  const refusal = tooLarge(geometry.size, most);
  if (refusal !== undefined) return refusal;
  const values = new Float32Array(voxelCount(geometry.size));
  for await (const slice of readSlices(volume, read, { from, to })) {
    if (slice.kind === 'unreadable') return slice;
    values.set(slice.values, (slice.index - from) * slice.values.length);
  }
  return { kind: 'voxels', voxels: { ...geometry, values } };
}

/**
 * The volume in slabs of `slices`, each beginning `slices - overlap` after the one before, with an affine of its own: what a model
 * that looks at a few slices at a time needs of a study of any length.
 */
export async function* readSlabs(
  volume: Volume,
  read: ReadFrame,
  { slices, overlap = 0, most = mostVoxels }: { slices: number; overlap?: number; most?: number },
): AsyncGenerator<ReadVoxels & { from: number }> {
  const advance = Math.max(1, slices - overlap);
  for (let from = 0; from === 0 || from + overlap < volume.size[2]; from += advance) {
    const answer = await readVoxels(volume, read, { from, to: from + slices, most });
    yield { ...answer, from };
    if (answer.kind !== 'voxels') return;
  }
}

/** Some slices of a grid, as a grid of their own. */
export function slab({ size: [columns, rows], voxelToPatient }: Geometry, from: number, to: number): Geometry {
  const origin = apply(voxelToPatient, [0, 0, from]);
  return geometryOf([columns, rows, Math.max(0, to - from)], { axes: voxelToPatient.axes, origin });
}
