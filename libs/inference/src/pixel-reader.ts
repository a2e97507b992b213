import type { ModelManifest } from '@sightline/contracts';
import type { Computed } from './runtime.ts';

/** How grey is made of stored values: by the manifest of the model that is to see it. */
export type Grey = ModelManifest['input']['preparation']['grey'];

/** One frame as a model is shown it: `values` row by row, 0 (black) to 255 (white) in the sense of MONOCHROME2. */
export interface GreyFrame {
  kind: 'grey';
  width: number;
  height: number;
  values: Float32Array;
}

/** `reason` can stand in a report: it holds nothing of the patient. */
export type DecodedFrame = GreyFrame | { kind: 'unsupported'; reason: string };

export interface WantedFrames {
  /** Numbers from 1 (PS3.3 C.7.6.16); answered in this order. */
  frames: readonly number[];
  grey: Grey;
}

/**
 * Where pixels are decoded: away from the event loop and from every model, so that an object made to kill its reader takes nothing
 * else down. An abort ends the decoding at once and rejects with the signal's reason.
 */
export abstract class PixelReader {
  /** Frames of a Part 10 object. */
  abstract decode(object: Uint8Array, wanted: WantedFrames, signal: AbortSignal): Promise<Computed<DecodedFrame[]>>;
  abstract close(): Promise<void>;
}
