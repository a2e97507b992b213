import type { DecodedFrame, WantedFrames } from '../pixel-reader.ts';
import type { Failed } from './work-process.ts';

export interface PixelJob extends WantedFrames {
  object: Uint8Array;
}

export type PixelReply = { kind: 'decoded'; frames: DecodedFrame[] } | Failed;
