import type { ModelManifest } from '@sightline/contracts';
import type { GreyFrame } from '../pixel-reader.ts';
import type { Tensor } from '../runtime.ts';

/** [N, 1, height, width], grey 0–255: everything else of the preprocessing is in the graph. Throws on frames of different sizes. */
export function stackFrames(_: ModelManifest, frames: readonly GreyFrame[]): Tensor {
  const [first] = frames;
  if (first === undefined) throw new RangeError('no frames to stack');
  const { width, height } = first;
  const [only] = frames.length === 1 ? frames : [];
  if (only !== undefined) return { dims: [1, 1, height, width], data: only.values };
  const data = new Float32Array(frames.length * width * height);
  for (const [i, frame] of frames.entries()) {
    if (frame.width !== width || frame.height !== height) throw new RangeError('frames of different sizes');
    data.set(frame.values, i * width * height);
  }
  return { dims: [frames.length, 1, height, width], data };
}
