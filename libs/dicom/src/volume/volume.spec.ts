import { describe, expect, it } from '@jest/globals';
import { volumeOf } from '../../../../test/support/phantom-volume.ts';
import { axialHead, classicSeries, enhancedSeries, type Scan } from '../../../../test/support/phantom.ts';
import { apply } from './affine.ts';
import { placeOf } from './side.ts';
import { locate, sourceOf } from './volume.ts';

const scan: Scan = { ...axialHead, rows: 16, columns: 20, slices: 12, pixelSpacing: [1.1, 2.3], tiltDegrees: 15 };

describe('a voxel', () => {
  it('names the frame and pixel it came from', () => {
    const volume = volumeOf(classicSeries(scan).toReversed());
    expect(sourceOf(volume, [3, 4.3, 7])).toEqual({
      kind: 'frame',
      frame: { sopInstanceUid: '2.25.703.8', frameNumber: 1 },
      column: 3,
      row: 4,
      offSlices: 0,
    });
  });

  it('names the frame of an enhanced object by its number', () => {
    const order = [5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7, 6];
    const volume = volumeOf([enhancedSeries(scan, undefined, order)]);
    expect(sourceOf(volume, [0, 0, 0])).toMatchObject({ frame: { sopInstanceUid: '2.25.704', frameNumber: 6 } });
  });

  it('is found again from its place in the patient, whatever the slice', () => {
    const volume = volumeOf(classicSeries(scan));
    for (const { frame, at } of volume.slices) {
      const placed = placeOf(frame, 13, 5);
      if (placed.kind !== 'point') throw new Error(placed.kind);
      expect(locate(volume, placed.point)).toMatchObject({
        frame: { sopInstanceUid: frame.sopInstanceUid },
        column: 13,
        row: 5,
        offSlices: expect.closeTo(0, 4),
      });
      apply(volume.voxelToPatient, [13, 5, at]).forEach((x, i) => expect(x).toBeCloseTo(placed.point[i] ?? NaN, 3));
    }
  });

  it('of a missing slice names the nearest frame and how far off it is', () => {
    const volume = volumeOf(classicSeries(scan).filter((_, k) => k !== 5 && k !== 6));
    const nearest = (slice: number): unknown => sourceOf(volume, [0, 0, slice]);
    expect(nearest(5)).toMatchObject({ frame: { sopInstanceUid: '2.25.703.5' }, offSlices: 1 });
    expect(nearest(6)).toMatchObject({ frame: { sopInstanceUid: '2.25.703.8' }, offSlices: -1 });
  });

  it('outside the volume has no frame', () => {
    const volume = volumeOf(classicSeries(scan));
    for (const voxel of [
      [-1, 0, 0],
      [0, 16, 0],
      [0, 0, 12],
      [NaN, 0, 0],
    ] as [number, number, number][])
      expect(sourceOf(volume, voxel)).toEqual({ kind: 'outside' });
  });
});
