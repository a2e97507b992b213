import type { Failure } from '@sightline/contracts';
import type { DecodedPixels } from '@sightline/dicom';
import type { Model } from './model-repository.ts';

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
}

export type Computed<T> = { kind: 'computed'; value: T } | { kind: 'failed'; failure: Failure };

/**
 * Where pixels are decoded and models computed: away from the event loop. What is asked first is answered first. An abort ends
 * the computation at once, wherever it is, and rejects with the signal's reason; one that dies is a failure, never a hang.
 */
export abstract class Runtime {
  /** Proves that a model can be run here. */
  abstract load(model: Model, signal: AbortSignal): Promise<Computed<void>>;
  /** Display values of a Part 10 object. */
  abstract decode(object: Uint8Array, signal: AbortSignal): Promise<Computed<DecodedPixels>>;
  abstract run(model: Model, image: Tensor, signal: AbortSignal): Promise<Computed<Answer>>;
  abstract close(): Promise<void>;
}
