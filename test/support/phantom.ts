import { encodePart10, type WritableDataset } from '@sightline/dicom';

type Point = readonly [x: number, y: number, z: number];

/** An attenuation, HU, at every point of the patient (LPS, mm). */
export type Scene = (point: Point) => number;

/** How a scanner looks at a scene. Lengths in mm. */
export interface Scan {
  rows: number;
  columns: number;
  slices: number;
  /** Between rows and between columns. */
  pixelSpacing: readonly [row: number, column: number];
  sliceSpacing: number;
  sliceThickness: number;
  row: Point;
  column: Point;
  /** The middle of the volume. */
  centre: Point;
  /** Angle between the way the table moves and the slices' normal, about the rows. */
  tiltDegrees?: number;
  /** Points per axis that a voxel averages: the partial volume of edges. 1 takes the centre alone. */
  samples?: number;
  slope?: (slice: number) => number;
  intercept?: (slice: number) => number;
  modality?: 'CT' | 'MR';
  /** Attributes of single slices, or that replace the usual ones. */
  also?: (slice: number) => WritableDataset;
}

export const axialHead: Scan = {
  rows: 64,
  columns: 64,
  slices: 32,
  pixelSpacing: [1.6, 1.6],
  sliceSpacing: 3,
  sliceThickness: 3,
  row: [1, 0, 0],
  column: [0, 1, 0],
  centre: [3, -12, 840],
};

export interface Ball {
  centre: Point;
  /** Half axes along x, y and z. */
  radii: Point;
  value: number;
}

/** Later balls cover earlier ones. */
export function balls(background: number, ...all: Ball[]): Scene {
  return (point) => all.findLast((ball) => isInside(ball, point))?.value ?? background;
}

function isInside({ centre, radii }: Ball, point: Point): boolean {
  const part = (axis: 0 | 1 | 2): number => ((point[axis] - centre[axis]) / radii[axis]) ** 2;
  return part(0) + part(1) + part(2) <= 1;
}

/** A rod along a direction, without end. */
export function rod(
  background: number,
  { through, along, radius, value }: { through: Point; along: Point; radius: number; value: number },
): Scene {
  const reach = (radius * Math.hypot(...along)) ** 2;
  return (point) => {
    const from: Point = [point[0] - through[0], point[1] - through[1], point[2] - through[2]];
    const across: Point = [
      from[1] * along[2] - from[2] * along[1],
      from[2] * along[0] - from[0] * along[2],
      from[0] * along[1] - from[1] * along[0],
    ];
    return across[0] ** 2 + across[1] ** 2 + across[2] ** 2 <= reach ? value : background;
  };
}

function cross(a: Point, b: Point): Point {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function along(origin: Point, ...steps: readonly (readonly [Point, number])[]): Point {
  const at = (axis: 0 | 1 | 2): number => steps.reduce((sum, [way, far]) => sum + way[axis] * far, origin[axis]);
  return [at(0), at(1), at(2)];
}

/** Position of the first pixel of slice `k`; the normal is row × column, the step leans towards the columns by the tilt. */
export function positionOf(scan: Scan, k: number): Point {
  const normal = cross(scan.row, scan.column);
  const far = (k - (scan.slices - 1) / 2) * scan.sliceSpacing;
  const lean = far * Math.tan(((scan.tiltDegrees ?? 0) * Math.PI) / 180);
  const across = (-(scan.columns - 1) / 2) * scan.pixelSpacing[1];
  const down = (-(scan.rows - 1) / 2) * scan.pixelSpacing[0];
  return along(scan.centre, [normal, far], [scan.row, across], [scan.column, down + lean]);
}

/** Offsets within a voxel, as parts of it: a grid of `samples`³ points, and before it the corners. */
function pointsOf(samples: number): { corners: Point[]; all: Point[] } {
  const grid = (at: readonly number[]): Point[] =>
    at.flatMap((a) => at.flatMap((b) => at.map((c): Point => [a, b, c])));
  return {
    corners: grid([-0.5, 0.5]),
    all: grid(Array.from({ length: samples }, (_, i) => (i + 0.5) / samples - 0.5)),
  };
}

/** Stored values of slice `k`, 16 bits signed: the scene averaged over each voxel whose corners differ, through slope and intercept. */
export function sliceOf(scan: Scan, scene: Scene, k: number): Int16Array {
  const { rows, columns, pixelSpacing, sliceThickness, row: x, column: y, samples = 4 } = scan;
  const z = cross(x, y);
  const first = positionOf(scan, k);
  const { corners, all } = pointsOf(samples);
  const at = (row: number, column: number, [a, b, c]: Point): number => {
    const right = (column + a) * pixelSpacing[1];
    const down = (row + b) * pixelSpacing[0];
    const out = c * sliceThickness;
    const on = (axis: 0 | 1 | 2): number => first[axis] + x[axis] * right + y[axis] * down + z[axis] * out;
    return scene([on(0), on(1), on(2)]);
  };
  const mean = (row: number, column: number): number => {
    const [corner = 0, ...others] = samples === 1 ? [] : corners.map((part) => at(row, column, part));
    if (samples > 1 && others.every((other) => other === corner)) return corner;
    return all.reduce((sum, part) => sum + at(row, column, part), 0) / all.length;
  };
  const slope = scan.slope?.(k) ?? 1;
  const intercept = scan.intercept?.(k) ?? 0;
  return Int16Array.from({ length: rows * columns }, (_, i) =>
    Math.round((mean(Math.floor(i / columns), i % columns) - intercept) / slope),
  );
}

const text = (numbers: readonly number[]): string => numbers.map((number) => Number(number.toFixed(6))).join('\\');

/** One single-frame object per slice, in the order of the table. `scene` undefined leaves the pixels out. */
export function classicSeries(scan: Scan, scene?: Scene): Buffer[] {
  return Array.from({ length: scan.slices }, (_, k) => encodePart10(sliceDataset(scan, k, scene)));
}

function common(scan: Scan): WritableDataset {
  return {
    StudyInstanceUID: '2.25.700',
    SeriesInstanceUID: '2.25.701',
    FrameOfReferenceUID: '2.25.702',
    Modality: scan.modality ?? 'CT',
    ImageType: 'ORIGINAL\\PRIMARY\\AXIAL',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: scan.rows,
    Columns: scan.columns,
    BitsAllocated: 16,
    BitsStored: 16,
    HighBit: 15,
    PixelRepresentation: 1,
  };
}

function sliceDataset(scan: Scan, k: number, scene: Scene | undefined): WritableDataset {
  return {
    ...common(scan),
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
    SOPInstanceUID: `2.25.703.${k + 1}`,
    InstanceNumber: String(k + 1),
    ImagePositionPatient: text(positionOf(scan, k)),
    ImageOrientationPatient: text([...scan.row, ...scan.column]),
    PixelSpacing: text(scan.pixelSpacing),
    SliceThickness: String(scan.sliceThickness),
    RescaleSlope: String(scan.slope?.(k) ?? 1),
    RescaleIntercept: String(scan.intercept?.(k) ?? 0),
    ...(scene && { PixelData: new Uint8Array(sliceOf(scan, scene, k).buffer) }),
    ...scan.also?.(k),
  };
}

/** The same slices as frames of one Enhanced CT object (PS3.3 A.38), in the order given. */
export function enhancedSeries(
  scan: Scan,
  scene?: Scene,
  order = Array.from({ length: scan.slices }, (_, k) => k),
): Buffer {
  const perFrame = order.map((k): WritableDataset => ({
    FrameContentSequence: [{ StackID: '1', ...scan.also?.(k) }],
    PlanePositionSequence: [{ ImagePositionPatient: text(positionOf(scan, k)) }],
    PixelValueTransformationSequence: [
      { RescaleSlope: String(scan.slope?.(k) ?? 1), RescaleIntercept: String(scan.intercept?.(k) ?? 0) },
    ],
  }));
  const shared: WritableDataset = {
    PlaneOrientationSequence: [{ ImageOrientationPatient: text([...scan.row, ...scan.column]) }],
    PixelMeasuresSequence: [{ PixelSpacing: text(scan.pixelSpacing), SliceThickness: String(scan.sliceThickness) }],
    CTImageFrameTypeSequence: [{ FrameType: 'ORIGINAL\\PRIMARY\\AXIAL' }],
  };
  return encodePart10({
    ...common(scan),
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.2.1',
    SOPInstanceUID: '2.25.704',
    InstanceNumber: '1',
    NumberOfFrames: String(scan.slices),
    SharedFunctionalGroupsSequence: [shared],
    PerFrameFunctionalGroupsSequence: perFrame,
    ...(scene && { PixelData: Buffer.concat(order.map((k) => new Uint8Array(sliceOf(scan, scene, k).buffer))) }),
  });
}

/** The stored values of one frame of an object made here: the pixels are the end of the file. */
export function storedFrame(
  file: Buffer,
  frame: { rows: number; columns: number; frameNumber: number },
  frames = 1,
): Int16Array {
  const bytes = frame.rows * frame.columns * 2;
  const from = file.length - bytes * (frames - frame.frameNumber + 1);
  return new Int16Array(new Uint8Array(file.subarray(from, from + bytes)).buffer);
}
