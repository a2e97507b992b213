import type { Answer, Loaded, Tensor } from '../runtime.ts';
import type { Parcel } from './shared-scratch.ts';
import type { Failed } from './work-process.ts';

/** In order of preference; every build of the runtime has the last. */
export const executionProviders = ['tensorrt', 'cuda', 'cpu'] as const;
export type ExecutionProvider = (typeof executionProviders)[number];

/** What a session process needs to know of a model: its file, the sum it must have, and the names in its graph. */
export interface SessionModel {
  path: string;
  sha256: string;
  input: string;
  outputs: { logits: string; activation: string; embedding: string; scores: readonly string[] };
}

export interface SessionSettings {
  /** Tried one after the other. */
  providers: readonly ExecutionProvider[];
  threads: number;
  /** [N, 1, H, W] each: run once before the model counts as loaded. */
  warmUp: readonly (readonly number[])[];
}

export type SessionJob =
  | { kind: 'load'; model: SessionModel; settings: SessionSettings }
  | { kind: 'run'; input: Tensor }
  /** Rows in the scratch, to be put together in this order. */
  | { kind: 'run-parcels'; dims: readonly number[]; parcels: readonly Parcel[] };

export type SessionReply = { kind: 'loaded'; loaded: Loaded } | { kind: 'answered'; answer: Answer } | Failed;
