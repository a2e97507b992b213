import type { DicomHeader } from '@sightline/dicom';
import type { SourceImage } from '@sightline/findings';

/** One frame of an image: what the graph answers at a time. `frame` counts from 1. */
export interface ShownFrame {
  header: DicomHeader;
  frame: number;
}

/** What one answer is about: an image, or the slices of a volume in the order of their place. */
export interface Subject {
  unit: 'image' | 'slice' | 'study';
  /** What keeps the finding's identity over re-runs: the instance (and frame) of an image, the series of a volume. */
  identity: string;
  frames: readonly ShownFrame[];
  /** What a reader must know of the volume, a sentence each: slices missing, gantry tilted, other volumes not looked at. */
  notes: readonly string[];
}

/** How a finding names the image it was made on; a single-frame image has no frame number. */
export function sourceOf({ header, frame }: ShownFrame): SourceImage {
  const { seriesInstanceUid, sopClassUid, sopInstanceUid, numberOfFrames } = header;
  return { seriesInstanceUid, sopClassUid, sopInstanceUid, ...(numberOfFrames > 1 && { frame }) };
}
