import type { FrameAttributes } from './attribute-values.ts';
import type { Photometric, PixelDescription } from './describe-pixels.ts';
import type { StoredValues } from './stored-values.ts';

/** Values of one frame, and in which colours they are. */
export interface Decoded {
  photometric: Photometric;
  values: StoredValues;
}

/** One frame as stored: `values` row by row, the samples of a pixel beside each other, whatever the planar configuration. */
export interface StoredFrame extends Decoded {
  kind: 'frame';
  /** From 0. */
  index: number;
  rows: number;
  columns: number;
  samplesPerPixel: 1 | 3;
  /** A codec that turns its colours back gives RGB where the instance says YBR_ICT. */
  photometric: Photometric;
  description: PixelDescription;
  attributes: FrameAttributes;
}
