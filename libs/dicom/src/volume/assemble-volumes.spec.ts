import { describe, expect, it } from '@jest/globals';
import { assemble, framesOf, volumeOf } from '../../../../test/support/phantom-volume.ts';
import { axialHead, classicSeries, enhancedSeries, positionOf, type Scan } from '../../../../test/support/phantom.ts';
import type { WritableDataset } from '../write-data-set.ts';
import { apply } from './affine.ts';
import { assembleVolumes } from './assemble-volumes.ts';
import type { FrameDescription } from './frame-description.ts';
import type { Vector } from './vector.ts';
import type { Volume } from './volume.ts';

const scan: Scan = { ...axialHead, rows: 6, columns: 5, slices: 12, sliceSpacing: 4, sliceThickness: 4 };
const oblique: Scan = { ...scan, row: [Math.SQRT1_2, Math.SQRT1_2, 0], column: [0, 0, -1] };

/** The same seed, the same order. */
function shuffled<T>(all: readonly T[], seed: number): T[] {
  let state = seed;
  const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
  const left = [...all];
  return all.flatMap(() => left.splice(random(left.length), 1));
}

function close(a: Vector, b: Vector, digits = 4): void {
  a.forEach((value, axis) => expect(value).toBeCloseTo(b[axis] ?? NaN, digits));
}

function issuesOf(files: readonly Buffer[]): string[] {
  return volumeOf(files).issues.map(({ kind }) => kind);
}

/** What a volume is, but for which files its frames come from. */
function gridOf({ size, spacing, plane, voxelToPatient, slices, issues }: Volume): unknown {
  const places = slices.map(({ at, frame }) => [at, frame.imagePositionPatient, frame.rescale]);
  return { size, spacing, plane, voxelToPatient, places, issues };
}

describe('a series in order', () => {
  it.each([
    ['axial', scan, 'axial'],
    ['oblique', oblique, 'oblique'],
    ['with its rows the other way, so that the normal points to the feet', { ...scan, row: [-1, 0, 0] }, 'axial'],
    ['coronal', { ...scan, column: [0, 0, -1] }, 'coronal'],
    ['sagittal', { ...scan, row: [0, 1, 0], column: [0, 0, -1] }, 'sagittal'],
  ] as [string, Scan, string][])('is a flawless volume: %s', (_, scan, plane) => {
    const volume = volumeOf(classicSeries(scan));
    expect(volume).toMatchObject({ size: [5, 6, 12], plane, issues: [], duplicates: [] });
    close(volume.spacing, [1.6, 1.6, 4]);
    for (let k = 0; k < 12; k++) close(apply(volume.voxelToPatient, [0, 0, k]), positionOf(scan, k));
    close(apply(volume.voxelToPatient, [2, 2.5, 5.5]), scan.centre);
  });

  it('is the same whatever order its files come in', () => {
    const frames = framesOf(classicSeries({ ...oblique, tiltDegrees: 12 }));
    const expected = assembleVolumes(frames);
    for (let seed = 1; seed <= 200; seed++) expect(assembleVolumes(shuffled(frames, seed))).toEqual(expected);
  });

  it('is the same whatever its instance numbers say', () => {
    const files = classicSeries({ ...scan, also: (k) => ({ InstanceNumber: String(((k * 7) % 12) + 1) }) });
    expect(gridOf(volumeOf(files))).toEqual(gridOf(volumeOf(classicSeries(scan))));
  });

  it.each([
    ['even', scan],
    ['oblique and tilted', { ...oblique, tiltDegrees: -20 }],
    ['with a slope of its own in each slice', { ...scan, slope: (k) => 1 + k / 8, intercept: (k) => -1024 + k }],
  ] as [string, Scan][])('is the same as one enhanced object, in any order of frames: %s', (_, scan) => {
    const classic = gridOf(volumeOf(classicSeries(scan)));
    expect(gridOf(volumeOf([enhancedSeries(scan)]))).toEqual(classic);
    const order = Array.from({ length: 12 }, (_, k) => k);
    for (let seed = 1; seed <= 20; seed++)
      expect(gridOf(volumeOf([enhancedSeries(scan, undefined, shuffled(order, seed))]))).toEqual(classic);
  });

  it('has 3,000 frames where an enhanced object has', () => {
    const volume = volumeOf([enhancedSeries({ ...scan, slices: 3_000 })]);
    expect(volume).toMatchObject({ size: [5, 6, 3_000], issues: [] });
    expect(volume.slices[2_999]?.frame.frameNumber).toBe(3_000);
  });

  it('orders 3,000 slices of 512² in less than a second', () => {
    const [first] = framesOf(classicSeries({ ...scan, slices: 2 }));
    if (first === undefined) throw new Error('no frame');
    const frames = Array.from({ length: 3_000 }, (_, k): FrameDescription => ({
      ...first,
      rows: 512,
      columns: 512,
      sopInstanceUid: `2.25.${k}`,
      imagePositionPatient: [-250, -250, k * 0.5],
    }));
    const mixed = shuffled(frames, 3);
    const start = performance.now();
    const { volumes } = assembleVolumes(mixed);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(volumes[0]).toMatchObject({ size: [512, 512, 3_000], issues: [] });
  });
});

describe('a tilted gantry', () => {
  it.each([20, -20, 8.5])('of %s° is named and kept in the affine', (tiltDegrees) => {
    const tilted = { ...scan, tiltDegrees };
    const volume = volumeOf(classicSeries(tilted));
    expect(volume.issues).toEqual([{ kind: 'gantry-tilt', degrees: expect.closeTo(Math.abs(tiltDegrees), 2) }]);
    expect(volume.spacing[2]).toBeCloseTo(4, 4);
    for (const k of [0, 5, 11]) close(apply(volume.voxelToPatient, [0, 0, k]), positionOf(tilted, k));
  });

  it('is not claimed for rounded positions', () => {
    const wobbly = (k: number): string =>
      positionOf(scan, k)
        .map((at, axis) => (at + (axis < 2 && k % 2 ? 0.02 : 0)).toFixed(2))
        .join('\\');
    expect(issuesOf(classicSeries({ ...scan, also: (k) => ({ ImagePositionPatient: wobbly(k) }) }))).toEqual([]);
  });
});

describe('missing slices', () => {
  const without = (...missing: number[]): Buffer[] =>
    classicSeries({ ...scan, slices: 20 }).filter((_, k) => !missing.includes(k));

  it('are counted, placed between their neighbours, and keep the grid', () => {
    const volume = volumeOf(without(4, 9, 10));
    expect(volume.size[2]).toBe(20);
    expect(volume.spacing[2]).toBeCloseTo(4, 4);
    expect(volume.issues).toEqual([
      {
        kind: 'missing-slices',
        missing: 3,
        gaps: [
          {
            after: { sopInstanceUid: '2.25.703.4', frameNumber: 1 },
            before: { sopInstanceUid: '2.25.703.6', frameNumber: 1 },
            missing: 1,
          },
          {
            after: { sopInstanceUid: '2.25.703.9', frameNumber: 1 },
            before: { sopInstanceUid: '2.25.703.12', frameNumber: 1 },
            missing: 2,
          },
        ],
      },
    ]);
    expect(volume.slices.map(({ at }) => at)).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
  });

  it('refuse the volume where they are more than a fifth', () => {
    expect(assemble(without(4, 5, 6, 7)).volumes).toHaveLength(1);
    expect(assemble(without(4, 5, 6, 7, 8))).toMatchObject({
      volumes: [],
      refused: [{ refusal: { kind: 'too-many-missing-slices', missing: 5, of: 20 } }],
    });
  });
});

describe('uneven spacing', () => {
  const at = (z: number): string => `0\\0\\${z}`;
  const series = (...places: number[]): Buffer[] =>
    classicSeries({ ...scan, slices: places.length, also: (k) => ({ ImagePositionPatient: at(places[k] ?? NaN) }) });

  it('is read on the commonest distance, and its bounds are said', () => {
    const volume = volumeOf(series(0, 3, 6, 9, 12, 17, 22, 27));
    expect(volume.issues).toEqual([{ kind: 'uneven-spacing', leastMm: 3, mostMm: expect.closeTo(5, 9) }]);
    expect(volume.spacing[2]).toBe(3);
    expect(volume.size[2]).toBe(10);
  });

  it('is not claimed for positions rounded to a tenth of a millimetre', () => {
    const places = Array.from({ length: 40 }, (_, k) => Math.round(k * 7.5) / 10);
    expect(issuesOf(series(...places)).filter((kind) => kind === 'uneven-spacing')).toEqual([]);
    expect(volumeOf(series(...places)).spacing[2]).toBeCloseTo(0.75, 2);
  });

  it('is said to be sparse where slices are thinner than they lie apart', () => {
    const volume = volumeOf(classicSeries({ ...scan, sliceThickness: 1, sliceSpacing: 10 }));
    expect(volume.issues).toEqual([{ kind: 'sparse-slices', thicknessMm: 1, spacingMm: expect.closeTo(10, 4) }]);
  });
});

describe('frames that do not belong together', () => {
  const again = (offset: number, also: WritableDataset, like = scan): Buffer[] =>
    classicSeries({
      ...like,
      also: (k) => ({ SOPInstanceUID: `2.25.900.${offset + k}`, InstanceNumber: String(offset + k), ...also }),
    });

  it.each([
    ['EchoTime', { EchoTime: '80' }, { EchoTime: '15' }],
    ['TemporalPositionIdentifier', { TemporalPositionIdentifier: '1' }, { TemporalPositionIdentifier: '2' }],
    ['ImageType', { ImageType: 'ORIGINAL\\PRIMARY\\M' }, { ImageType: 'ORIGINAL\\PRIMARY\\P' }],
    ['ConvolutionKernel', { ConvolutionKernel: 'B30f' }, { ConvolutionKernel: 'B70f' }],
    ['AcquisitionNumber', { AcquisitionNumber: '1' }, { AcquisitionNumber: '2' }],
    ['StackID', { StackID: '1' }, { StackID: '2' }],
    ['TriggerTime', { TriggerTime: '0' }, { TriggerTime: '410' }],
    ['PixelSpacing', { PixelSpacing: '1.6\\1.6' }, { PixelSpacing: '0.8\\0.8' }],
    ['FrameOfReferenceUID', {}, { FrameOfReferenceUID: '2.25.1' }],
    ['SeriesInstanceUID', {}, { SeriesInstanceUID: '2.25.2' }],
  ])('make a volume each, told apart by %s', (by, one, other) => {
    const { volumes, refused } = assemble(shuffled([...again(100, one), ...again(200, other)], 5));
    expect(refused).toEqual([]);
    expect(volumes.map(({ slices }) => slices.length)).toEqual([12, 12]);
    expect(volumes.map(({ issues }) => issues)).toEqual([
      [{ kind: 'several-volumes', by: [by] }],
      [{ kind: 'several-volumes', by: [by] }],
    ]);
    expect(new Set(volumes.map(({ distinguishedBy }) => JSON.stringify(distinguishedBy))).size).toBe(2);
  });

  it('make a volume for each phase of a heart whose slices have trigger times of their own', () => {
    const phase = (n: number): Buffer[] =>
      classicSeries({ ...scan, also: (k) => ({ SOPInstanceUID: `2.25.9${n}.${k}`, TriggerTime: String(n * 40 + k) }) });
    const { volumes } = assemble(shuffled([1, 2, 3].flatMap(phase), 11));
    expect(volumes.map(({ slices, duplicates }) => [slices.length, duplicates.length])).toEqual([
      [12, 0],
      [12, 0],
      [12, 0],
    ]);
  });

  it('make a volume for each acquisition where a hole lies between two', () => {
    const files = classicSeries({ ...scan, slices: 24, also: (k) => ({ AcquisitionNumber: k < 12 ? '1' : '2' }) });
    expect(
      assemble(files.filter((_, k) => k < 10 || k > 13)).volumes.map(({ slices, issues }) => [slices.length, issues]),
    ).toEqual([
      [10, [{ kind: 'several-volumes', by: ['AcquisitionNumber'] }]],
      [10, [{ kind: 'several-volumes', by: ['AcquisitionNumber'] }]],
    ]);
  });

  it('make a volume for each b-value of an enhanced object', () => {
    const bValue = (value: number): Uint8Array => new Uint8Array(new Float64Array([value]).buffer);
    const frames = framesOf([enhancedSeries(scan)]);
    const [like] = framesOf(classicSeries({ ...scan, slices: 1, also: () => ({ DiffusionBValue: bValue(1_000) }) }));
    const again = frames.map((frame) => ({
      ...frame,
      sopInstanceUid: '2.25.9',
      distinctions: { ...frame.distinctions, ...like?.distinctions },
    }));
    const { volumes } = assembleVolumes([...frames, ...again]);
    expect(volumes.map(({ slices, distinguishedBy }) => [slices.length, distinguishedBy.DiffusionBValue])).toEqual([
      [12, undefined],
      [12, '1000'],
    ]);
  });

  it('stay together where acquisitions only count rotations', () => {
    const files = classicSeries({ ...scan, also: (k) => ({ AcquisitionNumber: String(Math.floor(k / 4) + 1) }) });
    expect(issuesOf(files)).toEqual([]);
    expect(issuesOf(files.filter((_, k) => k !== 4))).toEqual(['missing-slices']);
  });

  it('make a volume for each orientation and matrix', () => {
    const coronal = again(300, {}, { ...scan, column: [0, 0, -1], slices: 8 });
    const small = again(400, {}, { ...scan, rows: 3, slices: 4 });
    const { volumes } = assemble([...small, ...coronal, ...classicSeries(scan)]);
    expect(volumes.map(({ plane, size }) => [plane, ...size])).toEqual([
      ['axial', 5, 6, 12],
      ['coronal', 5, 6, 8],
      ['axial', 5, 3, 4],
    ]);
    expect(volumes[0]?.issues).toEqual([{ kind: 'several-volumes', by: ['ImageOrientationPatient', 'Rows'] }]);
  });

  it('are set aside where they are localizers, a single slice, or nowhere', () => {
    const scout = again(500, { ImageType: 'ORIGINAL\\PRIMARY\\LOCALIZER' }, { ...scan, slices: 2 });
    const single = again(600, {}, { ...scan, column: [0, 0, -1], slices: 1 });
    const nowhere = again(
      700,
      { ImagePositionPatient: '', ImageOrientationPatient: '1\\0\\0\\1\\0\\0' },
      { ...scan, slices: 3 },
    );
    const { volumes, refused } = assemble([...scout, ...single, ...classicSeries(scan), ...nowhere]);
    expect(volumes.map(({ slices }) => slices.length)).toEqual([12]);
    expect(refused.map(({ refusal, frames }) => [refusal, frames.length])).toEqual([
      [{ kind: 'single-slice' }, 1],
      [{ kind: 'missing-geometry', lacking: ['ImagePositionPatient', 'ImageOrientationPatient'] }, 3],
      [{ kind: 'localizer' }, 2],
    ]);
  });

  it('are refused where slices are shifted against each other', () => {
    const shifted = (k: number): string =>
      positionOf(scan, k)
        .map((at, axis) => at + (axis === 0 && k === 5 ? 9 : 0))
        .join('\\');
    expect(assemble(classicSeries({ ...scan, also: (k) => ({ ImagePositionPatient: shifted(k) }) }))).toMatchObject({
      volumes: [],
      refused: [{ refusal: { kind: 'positions-off-line', mostMm: expect.closeTo(9, 3) } }],
    });
  });

  it('are no volume where a multi-frame object says the place of its first frame alone', () => {
    const [frame] = framesOf(classicSeries({ ...scan, slices: 1, also: () => ({ NumberOfFrames: '3' }) }));
    expect(frame?.imagePositionPatient).toBeUndefined();
  });

  it('give nothing of nothing', () => {
    expect(assembleVolumes([])).toEqual({ volumes: [], refused: [] });
  });
});
