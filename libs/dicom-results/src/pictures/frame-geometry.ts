import type { FrameDescription, WritableDataset } from '@sightline/dicom';
import { decimalStrings } from '../document/decimal-string.ts';
import type { PictureOfResult } from './picture-of-result.ts';
import type { PlacedPicture } from './place-picture.ts';

type Point = readonly [x: number, y: number, z: number];

/** Where frames lie: in the patient where every image says where it lies in one frame of reference, else only on their images. */
export type FrameGeometry =
  | { kind: 'patient'; frameOfReferenceUid: string; orientation: string; spacing: string; thickness?: number }
  | { kind: 'image' };

/** Where a picture lies, but for its place along the normal. */
export function geometryOf({ picture, frame }: PlacedPicture): FrameGeometry {
  const { imagePositionPatient, imageOrientationPatient, pixelSpacing, sliceThickness, distinctions } = frame;
  const frameOfReferenceUid = distinctions.FrameOfReferenceUID;
  if (frameOfReferenceUid === undefined || imagePositionPatient === undefined) return { kind: 'image' };
  if (imageOrientationPatient === undefined || pixelSpacing === undefined) return { kind: 'image' };
  const [down, across] = stretch(picture, frame);
  return {
    kind: 'patient',
    frameOfReferenceUid,
    orientation: decimalStrings([...imageOrientationPatient.row, ...imageOrientationPatient.column]),
    spacing: decimalStrings([pixelSpacing.row * down, pixelSpacing.column * across]),
    ...(sliceThickness !== undefined && { thickness: sliceThickness }),
  };
}

/** How many pixels of the image one of the picture covers, down and across. */
function stretch({ width, height }: PictureOfResult, { rows, columns }: FrameDescription): readonly [number, number] {
  return [rows / height, columns / width];
}

/** Centre of a picture's first pixel in the patient, mm: the picture covers the image's area, and its pixels may be larger. */
function positionOf({ picture, frame }: PlacedPicture): Point | undefined {
  const { imagePositionPatient: first, imageOrientationPatient: orientation, pixelSpacing } = frame;
  if (first === undefined || orientation === undefined || pixelSpacing === undefined) return undefined;
  const [down, across] = stretch(picture, frame);
  const right = ((across - 1) / 2) * pixelSpacing.column;
  const below = ((down - 1) / 2) * pixelSpacing.row;
  const at = (axis: 0 | 1 | 2): number =>
    first[axis] + orientation.row[axis] * right + orientation.column[axis] * below;
  return [at(0), at(1), at(2)];
}

/** In the order of slices along their normal; on images without a place, in the order of their numbers. */
function inOrder<P extends PictureOfResult>(pictures: readonly PlacedPicture<P>[]): PlacedPicture<P>[] {
  return pictures.toSorted((a, b) => depthOf(a.frame) - depthOf(b.frame) || numberOf(a) - numberOf(b));
}

function depthOf({ imagePositionPatient: at, imageOrientationPatient: orientation }: FrameDescription): number {
  if (at === undefined || orientation === undefined) return 0;
  const { row: r, column: c } = orientation;
  const normal = [r[1] * c[2] - r[2] * c[1], r[2] * c[0] - r[0] * c[2], r[0] * c[1] - r[1] * c[0]] as const;
  return normal[0] * at[0] + normal[1] * at[1] + normal[2] * at[2];
}

function numberOf({ frame }: PlacedPicture): number {
  return (frame.instanceNumber ?? 0) * 100_000 + frame.frameNumber;
}

/** Frames of one object are of one size and share a geometry (PS3.3 C.7.6.16.2.1, C.7.6.16.2.4): those of each object, in order. */
export function framesOfObjects<P extends PictureOfResult>(
  pictures: readonly PlacedPicture<P>[],
): PlacedPicture<P>[][] {
  const key = (placed: PlacedPicture): string =>
    JSON.stringify([placed.picture.width, placed.picture.height, geometryOf(placed)]);
  return [...Map.groupBy(inOrder(pictures), key).values()];
}

/** Functional groups that say the geometry once for all frames. */
export function sharedGeometry(geometry: FrameGeometry): WritableDataset {
  if (geometry.kind === 'image') return {};
  const { orientation, spacing, thickness } = geometry;
  return {
    PlaneOrientationSequence: [{ ImageOrientationPatient: orientation }],
    PixelMeasuresSequence: [
      { PixelSpacing: spacing, ...(thickness !== undefined && { SliceThickness: decimalStrings([thickness]) }) },
    ],
  };
}

/** The functional group that says where one frame lies. */
export function frameGeometry(geometry: FrameGeometry, placed: PlacedPicture): WritableDataset {
  const position = geometry.kind === 'patient' ? positionOf(placed) : undefined;
  return position === undefined ? {} : { PlanePositionSequence: [{ ImagePositionPatient: decimalStrings(position) }] };
}
