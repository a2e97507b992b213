import type { Size } from './volume.ts';

/**
 * Takes away what a grid of wider steps cannot show: a Gaussian along each axis, as wide as makes linear interpolation between
 * neighbours the triangle kernel of the wider step. `steps[axis]` is the wider step in voxels; 1 or less leaves an axis as it is.
 * Faces are continued outwards. The input is not changed.
 */
export function smooth(values: Float32Array, size: Size, steps: readonly [number, number, number]): Float32Array {
  let smoothed = values;
  for (const axis of [0, 1, 2] as const) {
    const sigma = sigmaOf(steps[axis]);
    if (sigma > 0 && size[axis] > 1) smoothed = convolved(smoothed, size, axis, gaussian(sigma));
  }
  return smoothed;
}

/** The variance of a triangle of half-width s is s²/6, that of the interpolation itself 1/6; what is left below 0.2 blurs nothing. */
function sigmaOf(step: number): number {
  const sigma = Math.sqrt(Math.max(0, step ** 2 - 1) / 6);
  return sigma > 0.2 ? sigma : 0;
}

/** How many voxels beyond its own place a value is made of. */
export function reachOf(step: number): number {
  return Math.ceil(3 * sigmaOf(step)) + 1;
}

function gaussian(sigma: number): Float64Array {
  const radius = Math.ceil(3 * sigma);
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function convolved(values: Float32Array, size: Size, axis: 0 | 1 | 2, kernel: Float64Array): Float32Array {
  const stride = [1, size[0], size[0] * size[1]][axis] ?? 1;
  const count = size[axis];
  const radius = (kernel.length - 1) / 2;
  const result = new Float32Array(values.length);
  for (let block = 0; block < values.length; block += stride * count) {
    for (let i = 0; i < count; i++) {
      const to = block + i * stride;
      for (let tap = 0; tap < kernel.length; tap++) {
        const at = i + tap - radius;
        const from = block + (at < 0 ? 0 : at < count ? at : count - 1) * stride;
        const weight = kernel[tap] ?? 0;
        for (let lane = 0; lane < stride; lane++)
          result[to + lane] = (result[to + lane] ?? 0) + weight * (values[from + lane] ?? 0);
      }
    }
  }
  return result;
}
