import { apply, compose, type Affine } from './affine.ts';
import type { ReadFrame } from './read-slices.ts';
import { mostVoxels, readVoxels, slab, tooLarge, type ReadVoxels } from './read-voxels.ts';
import { resample, stepsAcross, type ResampleOptions } from './resample.ts';
import { reachOf } from './smooth.ts';
import { voxelCount, type Geometry, type Size, type Volume } from './volume.ts';

/** 128 MiB of floats: slices of the source held at once, where the target lies so that fewer than all suffice. */
const slabVoxels = 2 ** 25;

/**
 * The volume on another grid, read slab by slab: in memory are the target and a slab of the source, so that a study of thousands of
 * slices can be shrunk. The same voxels as `resample` of the whole makes. A grid that lies across the slices needs them all at once
 * and is refused where they are too many.
 */
export async function readResampled(
  volume: Volume,
  read: ReadFrame,
  target: Geometry,
  { slab: held = slabVoxels, ...options }: ResampleOptions & { slab?: number },
): Promise<ReadVoxels> {
  const refusal = tooLarge(target.size, options.most ?? mostVoxels);
  if (refusal !== undefined) return refusal;
  const map = compose(volume.patientToVoxel, target.voxelToPatient);
  const values = new Float32Array(voxelCount(target.size)).fill(options.outside);
  const plane = target.size[0] * target.size[1];
  const mostSlices = Math.max(1, Math.floor(held / (volume.size[0] * volume.size[1])));
  for (let from = 0, to = 0; from < target.size[2]; from = to) {
    to = endOfSlab(map, target.size, from, mostSlices);
    const needed = neededSlices(map, target.size, from, to);
    const source = { from: Math.max(0, needed.from), to: Math.min(volume.size[2], needed.to) };
    if (source.from >= source.to) continue;
    const part = await readVoxels(volume, read, { ...source, most: options.most ?? mostVoxels });
    if (part.kind !== 'voxels') return part;
    const resampled = resample(part.voxels, slab(target, from, to), options);
    if (resampled.kind !== 'voxels') return resampled;
    values.set(resampled.voxels.values, from * plane);
  }
  return { kind: 'voxels', voxels: { ...target, values } };
}

/** As many slices of the target as the slices of the source that may be held suffice for; one at least. */
function endOfSlab(map: Affine, size: Size, from: number, mostSlices: number): number {
  let to = size[2];
  for (;;) {
    const needed = neededSlices(map, size, from, to);
    if (to - from <= 1 || needed.to - needed.from <= mostSlices) return to;
    to = from + Math.ceil((to - from) / 2);
  }
}

/** The slices of the source that slices of the target are made of, the reach of smoothing included; they may lie outside it. */
function neededSlices(map: Affine, [columns, rows]: Size, from: number, to: number): { from: number; to: number } {
  const reach = reachOf(stepsAcross(map)[2]);
  const ends = [0, columns - 1].flatMap((x) =>
    [0, rows - 1].flatMap((y) => [from, to - 1].map((z) => [x, y, z] as const)),
  );
  const slices = ends.map((corner) => apply(map, corner)[2]);
  return { from: Math.floor(Math.min(...slices)) - reach, to: Math.ceil(Math.max(...slices)) + reach + 1 };
}
