import { describe, expect, it } from '@jest/globals';
import { voxelsOf } from '../../../../test/support/phantom-volume.ts';
import {
  axialHead,
  balls,
  classicSeries,
  rod,
  type Ball,
  type Scan,
  type Scene,
} from '../../../../test/support/phantom.ts';
import { apply } from './affine.ts';
import { resample } from './resample.ts';
import { respaced, straightened } from './target-grid.ts';
import type { Vector } from './vector.ts';
import { geometryOf, voxelCount, type Geometry, type Voxels } from './volume.ts';

const air = -1_000;
const ball: Ball = { centre: [5.3, -9.1, 842.4], radii: [30, 27, 32], value: 40 };
const ballMl = ((4 / 3) * Math.PI * 30 * 27 * 32) / 1_000;

const scans: [string, Scan][] = [
  ['thick slices', axialHead],
  ['reversed normal', { ...axialHead, row: [-1, 0, 0] }],
  ['oblique', { ...axialHead, row: [0.8, 0.6, 0], column: [0.36, -0.48, -0.8], slices: 36 }],
  ['gantry tilted by +20°', { ...axialHead, tiltDegrees: 20 }],
  ['gantry tilted by -20°', { ...axialHead, tiltDegrees: -20 }],
  ['anisotropic pixels', { ...axialHead, pixelSpacing: [1.1, 2.3], rows: 80, columns: 48 }],
];

/** The ellipsoid as each scan has it, scanned once. */
const scanned = new Map(scans.map(([name, scan]) => [name, voxelsOf(classicSeries(scan, balls(air, ball)))]));

async function ballOf(name: string): Promise<Voxels> {
  const source = await scanned.get(name);
  if (source === undefined) throw new Error(name);
  return source;
}

function onGrid(source: Voxels, target: Geometry, interpolation: 'linear' | 'nearest' = 'linear'): Voxels {
  const result = resample(source, target, { interpolation, outside: air });
  if (result.kind !== 'voxels') throw new Error(result.kind);
  return result.voxels;
}

/** Volume, ml, and centre, mm, of what is not air, by how much of each voxel it fills. */
function measured({ values, ...grid }: Voxels, value: number): { ml: number; centre: Vector } {
  const [columns, rows] = grid.size;
  const sums: [number, number, number, number] = [0, 0, 0, 0];
  values.forEach((at, i) => {
    if (at === air) return;
    const share = (at - air) / (value - air);
    const row = Math.floor(i / columns);
    sums[0] += share;
    sums[1] += share * (i - row * columns);
    sums[2] += share * (row % rows);
    sums[3] += share * Math.floor(row / rows);
  });
  const [filled, ...moments] = sums;
  const [a, b, c] = grid.spacing;
  const middle: Vector = [moments[0] / filled, moments[1] / filled, moments[2] / filled];
  return { ml: (filled * a * b * c) / 1_000, centre: apply(grid.voxelToPatient, middle) };
}

function thresholdedMl({ values, spacing }: Voxels, from: number): number {
  return (values.filter((value) => value >= from).length * spacing[0] * spacing[1] * spacing[2]) / 1_000;
}

function expectBall(voxels: Voxels): void {
  const { ml, centre } = measured(voxels, ball.value);
  expect(Math.abs(ml / ballMl - 1)).toBeLessThan(0.01);
  expect(Math.hypot(...centre.map((x, axis) => x - (ball.centre[axis] ?? NaN)))).toBeLessThan(0.5);
  expect(Math.abs(thresholdedMl(voxels, (air + ball.value) / 2) / ballMl - 1)).toBeLessThan(0.01);
}

function at(voxels: Voxels, point: Vector): number {
  const [x = 0, y = 0, z = 0] = apply(voxels.patientToVoxel, point).map(Math.round);
  return voxels.values[x + voxels.size[0] * (y + voxels.size[1] * z)] ?? NaN;
}

describe('an ellipsoid keeps its volume and place', () => {
  it.each(scans)('on the same axes at 1.5 mm and wider: %s', async (name) => {
    const source = await ballOf(name);
    expectBall(onGrid(source, respaced(source, 2)));
    expectBall(onGrid(source, respaced(source, [2.5, 2.5, 3])));
  });

  it.each(scans)('straightened, along the volume and along the body: %s', async (name) => {
    const source = await ballOf(name);
    expectBall(onGrid(source, straightened(source, 2)));
    expectBall(onGrid(source, straightened(source, 2.5, 'body')));
  });
});

describe('inserts', () => {
  const centres: Vector[] = [
    [-22, -12, 840],
    [3, 10, 846],
    [26, -14, 835],
  ];
  const units = [-90, 55, 900];
  const scene: Scene = balls(
    20,
    ...centres.map((centre, i) => ({ centre, radii: [9, 9, 14] as Vector, value: units[i] ?? NaN })),
  );

  it.each(scans)('keep their Hounsfield units: %s', async (_, scan) => {
    const source = await voxelsOf(classicSeries({ ...scan, slope: (k) => 1 + k / 50, intercept: () => -1_024 }, scene));
    for (const target of [respaced(source, 2.5), straightened(source, 2.5), straightened(source, 3, 'body')]) {
      const voxels = onGrid(source, target);
      centres.forEach((centre, i) => expect(Math.abs(at(voxels, centre) / (units[i] ?? NaN) - 1)).toBeLessThan(0.01));
    }
  });
});

describe('a tilted series', () => {
  it.each([20, -20])('of %s° shows a rod along the body where it is, straight', async (tiltDegrees) => {
    const through: Vector = [7, -20, 0];
    const scene = rod(air, { through, along: [0, 0, 1], radius: 8, value: 300 });
    const source = await voxelsOf(classicSeries({ ...axialHead, tiltDegrees }, scene));
    const straight = onGrid(source, straightened(source, 1));
    const middle = apply(straight.patientToVoxel, axialHead.centre)[2];
    for (const slice of [-25, 0, 25].map((off) => Math.round(middle + off))) {
      const plane = straight.size[0] * straight.size[1];
      const values = straight.values.subarray(slice * plane, (slice + 1) * plane);
      const origin = apply(straight.voxelToPatient, [0, 0, slice]);
      const one = {
        ...straight,
        ...geometryOf([straight.size[0], straight.size[1], 1], { ...straight.voxelToPatient, origin }),
        values,
      };
      const { centre } = measured(one, 300);
      expect(Math.hypot(centre[0] - 7, centre[1] + 20)).toBeLessThan(0.1);
    }
  });
});

describe('a target grid', () => {
  const source = geometryOf([10, 8, 6], {
    axes: [
      [0.7, 0, 0],
      [0, 0.8, 0],
      [0, 1.2, 3.1],
    ],
    origin: [-9, 4, 70],
  });
  const centre = ({ size, voxelToPatient }: Geometry): Vector =>
    apply(voxelToPatient, [(size[0] - 1) / 2, (size[1] - 1) / 2, (size[2] - 1) / 2]);

  it.each([0.4, 1, 2.6])('of %s mm keeps the centre and covers the same tissue within half a voxel', (spacing) => {
    const target = respaced(source, spacing);
    centre(target).forEach((x, axis) => expect(x).toBeCloseTo(centre(source)[axis] ?? NaN, 9));
    target.spacing.forEach((x) => expect(x).toBeCloseTo(spacing, 9));
    target.size.forEach((count, axis) =>
      expect(
        Math.abs(count * spacing - (source.size[axis] ?? NaN) * (source.spacing[axis] ?? NaN)),
      ).toBeLessThanOrEqual(spacing / 2),
    );
  });

  it('stands around all of a sheared volume, at right angles', () => {
    const target = straightened(source, 0.9);
    for (const corner of [
      [-0.5, -0.5, -0.5],
      [9.5, 7.5, 5.5],
      [-0.5, 7.5, 5.5],
      [9.5, -0.5, -0.5],
    ] as Vector[])
      apply(target.patientToVoxel, apply(source.voxelToPatient, corner)).forEach((x, axis) => {
        expect(x).toBeGreaterThanOrEqual(-0.5 - 1e-6);
        expect(x).toBeLessThanOrEqual((target.size[axis] ?? NaN) - 0.5 + 1e-6);
      });
    expect(target.voxelToPatient.axes).toEqual([
      [0.9, 0, 0],
      [0, 0.9, 0],
      [0, 0, 0.9],
    ]);
  });
});

describe('resampling', () => {
  const striped = (period: number): Voxels => {
    const grid = geometryOf([64, 64, 4], {
      axes: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ],
      origin: [0, 0, 0],
    });
    const values = Float32Array.from(
      { length: voxelCount(grid.size) },
      (_, i) => (Math.floor(i / (period / 2)) % 2) * 100,
    );
    return { ...grid, values };
  };

  it('shows no pattern that a wider grid cannot show', () => {
    const source = striped(2);
    const shrunk = onGrid(source, respaced(source, [3.1, 3.1, 1]));
    const inside = shrunk.values.filter((_, i) => i % shrunk.size[0] > 1 && i % shrunk.size[0] < shrunk.size[0] - 2);
    expect(inside.length).toBeGreaterThan(1_000);
    expect(inside.every((value) => Math.abs(value - 50) < 2)).toBe(true);
  });

  it('gives the very voxels on the very grid', () => {
    const source = striped(8);
    expect(onGrid(source, source).values).toEqual(source.values);
    expect(onGrid(source, source, 'nearest').values).toEqual(source.values);
  });

  it('invents no label of a mask', () => {
    const source = striped(8);
    const target = straightened(respaced(source, [0.7, 1.3, 2.2]), [0.9, 1.7, 0.8], 'body');
    expect(new Set(onGrid(source, target, 'nearest').values)).toEqual(new Set([0, 100]));
  });

  it('leaves its input alone', () => {
    const source = striped(2);
    onGrid(source, respaced(source, 4));
    expect(source.values).toEqual(striped(2).values);
  });

  it('fills with the value asked for what lies outside', () => {
    const source = striped(2);
    const beside = geometryOf([2, 2, 2], { ...source.voxelToPatient, origin: [500, 0, 0] });
    expect(new Set(onGrid(source, beside).values)).toEqual(new Set([air]));
  });

  it('refuses a grid larger than memory allows', () => {
    const source = striped(2);
    const result = resample(source, respaced(source, 0.01), { interpolation: 'linear', outside: 0 });
    expect(result).toEqual({ kind: 'too-large', voxels: 16_384_000_000, most: 2 ** 27 });
  });
});
