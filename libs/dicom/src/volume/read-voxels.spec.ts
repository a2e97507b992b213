import { describe, expect, it } from '@jest/globals';
import { framesOf, readerOf, volumeOf, voxelsOf } from '../../../../test/support/phantom-volume.ts';
import { axialHead, balls, classicSeries, enhancedSeries, type Scan } from '../../../../test/support/phantom.ts';
import { apply } from './affine.ts';
import { assembleVolumes } from './assemble-volumes.ts';
import type { FrameDescription } from './frame-description.ts';
import { readSlices, type ReadFrame } from './read-slices.ts';
import { readSlabs, readVoxels } from './read-voxels.ts';

const scan: Scan = { ...axialHead, rows: 16, columns: 20, slices: 12, sliceSpacing: 4, samples: 1 };
const insert = balls(-1_000, { centre: scan.centre, radii: [11, 9, 20], value: 60 });

/** A frame whose every value is its place on z. */
const height: ReadFrame = async (frame) => ({
  kind: 'modality',
  values: new Float32Array(frame.rows * frame.columns).fill(frame.imagePositionPatient?.[2] ?? NaN),
});

describe('voxels', () => {
  it('are Hounsfield units by the slope and intercept of each slice', async () => {
    const plain = await voxelsOf(classicSeries(scan, insert));
    const each = await voxelsOf(
      classicSeries({ ...scan, slope: (k) => 0.5 + k / 16, intercept: (k) => -1_024 + k }, insert),
    );
    expect(new Set(plain.values)).toEqual(new Set([-1_000, 60]));
    each.values.forEach((value, i) => expect(Math.abs(value - (plain.values[i] ?? NaN))).toBeLessThan(0.7));
  });

  it('are the same of single frames and of an enhanced object', async () => {
    const rescaled: Scan = { ...scan, slope: (k) => 0.5 + k / 16, intercept: () => -1_024 };
    const classic = await voxelsOf(classicSeries(rescaled, insert).toReversed());
    const enhanced = await voxelsOf([enhancedSeries(rescaled, insert, [3, 0, 1, 2, 11, 10, 9, 8, 7, 6, 5, 4])]);
    expect(enhanced.values).toEqual(classic.values);
  });

  it('of a missing slice are interpolated, and said to be made', async () => {
    const files = classicSeries({ ...scan, slices: 12 }).filter((_, k) => k !== 5 && k !== 6);
    const volume = volumeOf(files);
    const [first] = volume.slices;
    const slices = await Array.fromAsync(readSlices(volume, height));
    const z0 = first?.frame.imagePositionPatient[2] ?? NaN;
    expect(slices.map((slice) => slice.kind === 'slice' && slice.made)).toEqual(
      Array.from({ length: 12 }, (_, k) => k === 5 || k === 6),
    );
    slices.forEach((slice, k) => expect(slice.kind === 'slice' && slice.values[0]).toBeCloseTo(z0 + 4 * k, 3));
  });

  it('of uneven slices lie where the grid says', async () => {
    const places = [0, 3, 6, 9, 12, 17, 22, 27];
    const files = classicSeries({ ...scan, slices: 8, also: (k) => ({ ImagePositionPatient: `0\\0\\${places[k]}` }) });
    const slices = await Array.fromAsync(readSlices(volumeOf(files), height));
    expect(slices.map((slice) => (slice.kind === 'slice' ? Math.round(slice.values[0] ?? NaN) : NaN))).toEqual([
      0, 3, 6, 9, 12, 15, 18, 21, 24, 27,
    ]);
  });

  it('end with a reason where a frame cannot be read or has another size', async () => {
    const volume = volumeOf(classicSeries(scan));
    const frame = { sopInstanceUid: '2.25.703.1', frameNumber: 1 };
    const broken = await readVoxels(volume, async () => ({ kind: 'unreadable', reason: 'truncated' }));
    expect(broken).toEqual({ kind: 'unreadable', frame, reason: 'truncated' });
    const short = await readVoxels(volume, async () => ({ kind: 'stored', values: [1, 2, 3] }));
    expect(short).toEqual({ kind: 'unreadable', frame, reason: '3 values for 320 pixels' });
  });

  it('are not read where they are more than memory allows', async () => {
    const volume = volumeOf(classicSeries(scan));
    const never: ReadFrame = () => Promise.reject(new Error('read'));
    expect(await readVoxels(volume, never, { most: 3_839 })).toEqual({ kind: 'too-large', voxels: 3_840, most: 3_839 });
  });
});

describe('slabs', () => {
  it('carry the affine of their first slice and overlap as asked', async () => {
    const files = classicSeries(scan, insert);
    const volume = volumeOf(files);
    const whole = await voxelsOf(files);
    const slabs = await Array.fromAsync(readSlabs(volume, readerOf(files), { slices: 5, overlap: 2 }));
    expect(slabs.map(({ from }) => from)).toEqual([0, 3, 6, 9]);
    for (const slab of slabs) {
      if (slab.kind !== 'voxels') throw new Error(slab.kind);
      const { size, voxelToPatient, values } = slab.voxels;
      expect(apply(voxelToPatient, [1, 2, 0])).toEqual(apply(volume.voxelToPatient, [1, 2, slab.from]));
      expect(values).toEqual(whole.values.subarray(slab.from * 320, (slab.from + size[2]) * 320));
    }
  });

  it('read 3,000 slices of 512² one frame at a time, each once', async () => {
    const [like] = framesOf(classicSeries({ ...scan, slices: 1 }));
    if (like === undefined) throw new Error('no frame');
    const frames = Array.from({ length: 3_000 }, (_, k): FrameDescription => ({
      ...like,
      rows: 512,
      columns: 512,
      sopInstanceUid: `2.25.${k}`,
      imagePositionPatient: [-250, -250, (2_999 - k) * 0.5],
    }));
    const [volume] = assembleVolumes(frames).volumes;
    if (volume === undefined) throw new Error('no volume');
    const values = new Float32Array(512 * 512);
    let open = 0;
    let reads = 0;
    const read: ReadFrame = async () => {
      expect(++open).toBe(1);
      reads++;
      await Promise.resolve();
      open--;
      return { kind: 'modality', values };
    };
    let next = 0;
    for await (const slice of readSlices(volume, read)) expect(slice).toMatchObject({ kind: 'slice', index: next++ });
    expect([next, reads]).toEqual([3_000, 3_000]);
    expect((await readVoxels(volume, read)).kind).toBe('too-large');
  });
});
