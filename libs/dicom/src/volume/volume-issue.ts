import type { Distinction, FrameReference } from './frame-description.ts';

/** What a volume lacks of a perfect one and can be read with. */
export type VolumeIssue =
  /** The slices step off their normal: the voxels are sheared, and the affine says so. */
  | { kind: 'gantry-tilt'; degrees: number }
  /** Slices that should lie between two others and do not: interpolated where the volume is read. */
  | { kind: 'missing-slices'; gaps: Gap[]; missing: number }
  /** Distances that are no multiple of one: read on the commonest one, interpolated between. */
  | { kind: 'uneven-spacing'; leastMm: number; mostMm: number }
  /** The tissue between the slices was not imaged. */
  | { kind: 'sparse-slices'; thicknessMm: number; spacingMm: number }
  /** Several frames lie at one place and nothing tells them apart: the first is kept. */
  | { kind: 'duplicate-slices'; duplicates: Duplicate[]; pixels: 'not compared' | 'identical' }
  /** The series holds more than this volume, told apart by these attributes. */
  | { kind: 'several-volumes'; by: Distinction[] };

/** Why frames are no volume. */
export type VolumeRefusal =
  | { kind: 'localizer' }
  | { kind: 'missing-geometry'; lacking: GeometryKeyword[] }
  | { kind: 'single-slice' }
  | { kind: 'too-many-missing-slices'; missing: number; of: number }
  | { kind: 'positions-off-line'; mostMm: number }
  | { kind: 'contradicting-duplicates'; duplicates: Duplicate[] };

export type GeometryKeyword = 'ImagePositionPatient' | 'ImageOrientationPatient' | 'PixelSpacing';

export interface Gap {
  after: FrameReference;
  before: FrameReference;
  missing: number;
}

export interface Duplicate {
  kept: FrameReference;
  dropped: FrameReference;
}
