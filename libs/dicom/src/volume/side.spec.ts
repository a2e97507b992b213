import { describe, expect, it } from '@jest/globals';
import { framesOf } from '../../../../test/support/phantom-volume.ts';
import { axialHead, classicSeries, type Scan } from '../../../../test/support/phantom.ts';
import { orientationOf, planeOf, type Plane } from './plane.ts';
import { placeOf, sideOf } from './side.ts';
import type { WritableDataset } from '../write-data-set.ts';

const scan: Scan = { ...axialHead, rows: 16, columns: 20, slices: 1, centre: [0, 0, 0] };
const frameOf = (like: Scan, also: WritableDataset = {}) => framesOf(classicSeries({ ...like, also: () => also }))[0];

function sideOfColumn(like: Scan, column: number): string {
  const frame = frameOf(like);
  const placed = frame && placeOf(frame, column, 8);
  return placed?.kind === 'point' ? sideOf(placed.point, { x: 0, within: 2 }) : 'unknown';
}

describe('the side of a pixel', () => {
  it.each([
    ['head first supine, seen from the feet', scan, 'right', 'left'],
    ['seen from the head', { ...scan, row: [-1, 0, 0] }, 'left', 'right'],
    ['coronal', { ...scan, column: [0, 0, -1] }, 'right', 'left'],
  ] as [string, Scan, string, string][])('follows the geometry alone: %s', (_, like, first, last) => {
    expect(sideOfColumn(like, 0)).toBe(first);
    expect(sideOfColumn(like, 19)).toBe(last);
    expect(sideOfColumn(like, 10)).toBe('midline');
  });

  it('is told from the midline and not from the origin of the scanner', () => {
    expect(sideOf([8, 0, 0], { x: 20, within: 2 })).toBe('right');
  });

  it.each(['ImagePositionPatient', 'ImageOrientationPatient', 'PixelSpacing'] as const)(
    'is not told without %s',
    (keyword) => {
      const frame = frameOf(scan, { [keyword]: '' });
      expect(frame && placeOf(frame, 0, 0)).toEqual({ kind: 'unplaced', lacking: [keyword] });
    },
  );
});

describe('the plane', () => {
  const rad = (degrees: number): number => (degrees * Math.PI) / 180;
  const turned = (degrees: number): number[] => [1, 0, 0, 0, Math.cos(rad(degrees)), Math.sin(rad(degrees))];

  it.each([
    [[1, 0, 0, 0, 1, 0], 'axial'],
    [[-1, 0, 0, 0, 1, 0], 'axial'],
    [[1, 0, 0, 0, 0, -1], 'coronal'],
    [[0, 1, 0, 0, 0, -1], 'sagittal'],
    [turned(30), 'axial'],
    [turned(45), 'oblique'],
    [turned(60), 'coronal'],
  ] as [number[], Plane][])('of %j is %s', (cosines, plane) => {
    const orientation = orientationOf(cosines);
    expect(orientation && planeOf(orientation)).toBe(plane);
  });

  it.each([
    [[1, 0, 0, 1, 0, 0]],
    [[0, 0, 0, 0, 0, 0]],
    [[1, 0, 0, 0, 2, 0]],
    [[1, 0, 0, 0.2, 1, 0]],
    [[1, 0, 0, 0, 1]],
    [[NaN, 0, 0, 0, 1, 0]],
    [undefined],
  ])('of %j is none', (cosines) => {
    expect(orientationOf(cosines)).toBeUndefined();
  });
});
