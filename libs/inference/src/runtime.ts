import type { Failure } from '@sightline/contracts';
import type { Model } from './models/model-repository.ts';

/** Numbers in row-major order; `dims` multiply to `data.length`. */
export interface Tensor {
  dims: readonly number[];
  data: Float32Array;
}

/** What a model's graph says of one tensor, by the parts its manifest gives the outputs. */
export interface Answer {
  /** [N, outputs], before calibration. */
  logits: Tensor;
  /** [N, outputs, h, w]: each output's evidence by place, in the units of its logit. */
  activation: Tensor;
  /** [N, features]. */
  embedding: Tensor;
  /** [N, 1] each, by the name the graph gives it: what the gates of the manifest look at. */
  scores: Readonly<Record<string, Tensor>>;
}

export type Computed<T> = { kind: 'computed'; value: T } | { kind: 'failed'; failure: Failure };

/** How a model came to be ready. */
export interface Loaded {
  /** What computes it: `cpu`, `cuda`, `tensorrt`, or the word of a remote runtime. */
  provider: string;
  /** What was wanted before that and is not to be had here, one line each. */
  missing: readonly { provider: string; why: string }[];
}

/**
 * Where models are computed: away from the event loop. Rows of several callers may be computed together, each caller gets its own.
 * Beyond the memory it was given, `run` waits. An abort drops the caller's rows at once, wherever they are, and rejects with the
 * signal's reason; whatever dies is a failure, never a hang.
 */
export abstract class Runtime {
  /** Makes a model ready, warmed up; proves that it can be run here. */
  abstract load(model: Model, signal: AbortSignal): Promise<Computed<Loaded>>;
  /** Forgets a model and gives its memory back. A model that is not loaded is no error. */
  abstract unload(model: Model): Promise<void>;
  /** `input` is [N, 1, H, W]. */
  abstract run(model: Model, input: Tensor, signal: AbortSignal): Promise<Computed<Answer>>;
  abstract close(): Promise<void>;
}
