import type { DicomHeader } from '@sightline/dicom';
import type { SourceImage } from '@sightline/findings';
import type { GreyFrame } from '../pixel-reader.ts';
import type { Answer } from '../runtime.ts';

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
  /** Of a volume: the number of each frame among all its slices, from 1, and how many these are. Not every slice gives an answer. */
  slices?: { numbers: readonly number[]; count: number };
  /** What a reader must know of the volume, a sentence each: slices missing, gantry tilted, other volumes not looked at. */
  notes: readonly string[];
}

/** A frame that pictures are made of beside a finding: how it was shown, and what the graph said of it. */
export interface ExplainedFrame {
  frame: ShownFrame;
  grey: GreyFrame;
  /** Of this frame alone. */
  answer: Answer;
}

/** How a finding names the image it was made on; a single-frame image has no frame number. */
export function sourceOf({ header, frame }: ShownFrame): SourceImage {
  const { seriesInstanceUid, sopClassUid, sopInstanceUid, numberOfFrames } = header;
  return { seriesInstanceUid, sopClassUid, sopInstanceUid, ...(numberOfFrames > 1 && { frame }) };
}
