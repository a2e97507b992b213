import { describe, expect, it } from '@jest/globals';
import { framesOf, readerOf, volumeOf, voxelsOf } from '../../../../test/support/phantom-volume.ts';
import { axialHead, balls, classicSeries, type Scan } from '../../../../test/support/phantom.ts';
import { assembleVolumes } from './assemble-volumes.ts';
import type { FrameDescription } from './frame-description.ts';
import { readResampled } from './read-resampled.ts';
import type { ReadFrame } from './read-slices.ts';
import { resample } from './resample.ts';
import { respaced, straightened } from './target-grid.ts';
import { geometryOf, type Geometry, type Volume } from './volume.ts';

const scan: Scan = { ...axialHead, rows: 16, columns: 20, slices: 30, samples: 1 };
const scene = balls(-1_000, { centre: scan.centre, radii: [11, 9, 30], value: 60 });
const options = { interpolation: 'linear', outside: -2_000 } as const;

const targets: [string, Scan, (volume: Volume) => Geometry][] = [
  ['finer', scan, (volume) => respaced(volume, 1)],
  ['wider', scan, (volume) => respaced(volume, [2, 3, 7.1])],
  ['straightened', { ...scan, tiltDegrees: 20 }, (volume) => straightened(volume, 2)],
  [
    'head first from a series that begins at the head',
    { ...scan, row: [-1, 0, 0] },
    (volume) => straightened(volume, 3, 'body'),
  ],
  ['across the slices', { ...scan, column: [0, 0, -1] }, (volume) => straightened(volume, 3, 'body')],
];

describe('a volume resampled slab by slab', () => {
  it.each(targets)('is the volume resampled as a whole: %s', async (_, scan, targetOf) => {
    const files = classicSeries(scan, scene);
    const volume = volumeOf(files);
    const whole = resample(await voxelsOf(files), targetOf(volume), options);
    const slabs = await readResampled(volume, readerOf(files), targetOf(volume), { ...options, slab: 7 * 320 });
    expect(slabs.kind).toBe('voxels');
    if (slabs.kind !== 'voxels' || whole.kind !== 'voxels') return;
    expect(slabs.voxels.size).toEqual(whole.voxels.size);
    const off = slabs.voxels.values.map((value, i) => Math.abs(value - (whole.voxels.values[i] ?? NaN)));
    expect(off.reduce((most, each) => Math.max(most, each), 0)).toBeLessThan(0.01);
  });

  it('reads no frame for what lies outside', async () => {
    const volume = volumeOf(classicSeries(scan));
    const beyond = geometryOf([2, 2, 2], { ...volume.voxelToPatient, origin: [0, 0, 5_000] });
    const read = await readResampled(volume, () => Promise.reject(new Error('read')), beyond, options);
    expect(read.kind === 'voxels' && new Set(read.voxels.values)).toEqual(new Set([-2_000]));
  });

  it('shrinks 1,500 slices without holding them', async () => {
    const [like] = framesOf(classicSeries({ ...scan, slices: 1 }));
    if (like === undefined) throw new Error('no frame');
    const frames = Array.from({ length: 1_500 }, (_, k): FrameDescription => ({
      ...like,
      sopInstanceUid: `2.25.${k}`,
      imagePositionPatient: [0, 0, k * 0.5],
    }));
    const [volume] = assembleVolumes(frames).volumes;
    if (volume === undefined) throw new Error('no volume');
    const height: ReadFrame = async (frame) => ({
      kind: 'modality',
      values: new Float32Array(320).fill(frame.imagePositionPatient?.[2] ?? NaN),
    });
    // Of 480,000 voxels no more than 64,000 may be held.
    const read = await readResampled(volume, height, respaced(volume, [3, 3, 5]), {
      ...options,
      slab: 32_000,
      most: 64_000,
    });
    if (read.kind !== 'voxels') throw new Error(read.kind);
    const plane = read.voxels.size[0] * read.voxels.size[1];
    const shown = Array.from({ length: 150 }, (_, k) => read.voxels.values[k * plane] ?? NaN);
    shown.slice(2, -2).forEach((value, k) => expect(value).toBeCloseTo(2.25 + 5 * (k + 2), 3));
  });

  it('passes on why it cannot be read', async () => {
    const volume = volumeOf(classicSeries(scan));
    const broken: ReadFrame = async () => ({ kind: 'unreadable', reason: 'truncated' });
    expect(await readResampled(volume, broken, respaced(volume, 2), options)).toMatchObject({
      kind: 'unreadable',
      reason: 'truncated',
    });
    expect(await readResampled(volume, broken, respaced(volume, 0.01), options)).toMatchObject({ kind: 'too-large' });
  });
});
