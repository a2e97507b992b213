import { add, scale, type Vector } from './vector.ts';
import type { FrameDescription } from './frame-description.ts';
import type { GeometryKeyword } from './volume-issue.ts';

export type Side = 'left' | 'right' | 'midline';

/** Where the body's midline runs, mm in patient coordinates, and how close to it a point lies on neither side. */
export interface Midline {
  x: number;
  within: number;
}

/**
 * The patient's side of a point: x grows to the left (PS3.3 C.7.6.2.1.1). The origin is the scanner's, not the body's, so whoever asks
 * says where the midline runs.
 */
export function sideOf([x]: Vector, midline: Midline): Side {
  if (Math.abs(x - midline.x) <= midline.within) return 'midline';
  return x > midline.x ? 'left' : 'right';
}

export type PlacedPixel = { kind: 'point'; point: Vector } | { kind: 'unplaced'; lacking: GeometryKeyword[] };

/** A pixel of one frame in the patient, or what the frame lacks to say so: then no side may be named. */
export function placeOf(frame: FrameDescription, column: number, row: number): PlacedPixel {
  const { imagePositionPatient: position, imageOrientationPatient: orientation, pixelSpacing: spacing } = frame;
  if (position === undefined || orientation === undefined || spacing === undefined)
    return { kind: 'unplaced', lacking: lackingOf(frame) };
  const across = scale(orientation.row, column * spacing.column);
  return { kind: 'point', point: add(position, add(across, scale(orientation.column, row * spacing.row))) };
}

/** The attributes that would say where a frame lies and are absent or unusable. */
export function lackingOf(frame: FrameDescription): GeometryKeyword[] {
  const lacking: GeometryKeyword[] = [];
  if (frame.imagePositionPatient === undefined) lacking.push('ImagePositionPatient');
  if (frame.imageOrientationPatient === undefined) lacking.push('ImageOrientationPatient');
  if (frame.pixelSpacing === undefined) lacking.push('PixelSpacing');
  return lacking;
}
