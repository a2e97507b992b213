import type { Failure } from '@sightline/contracts';
import type { DecodedPixels } from '@sightline/dicom';
import type { Answer, Tensor } from './runtime.ts';

/** What a session process needs to know of a model: its file, the sum it must have, and the names in its graph. */
export interface SessionModel {
  path: string;
  sha256: string;
  input: string;
  outputs: { logits: string; activation: string; embedding: string };
}

export type SessionJob =
  | { kind: 'load'; model: SessionModel }
  | { kind: 'decode'; object: Uint8Array }
  | { kind: 'run'; model: SessionModel; image: Tensor };

export type SessionReply =
  | { kind: 'loaded' }
  | { kind: 'decoded'; pixels: DecodedPixels }
  | { kind: 'answered'; answer: Answer }
  | { kind: 'failed'; failure: Failure };
