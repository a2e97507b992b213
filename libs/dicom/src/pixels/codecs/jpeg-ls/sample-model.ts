import type { BitReader } from './bit-reader.ts';
import type { ScanParameters } from './scan-parameters.ts';

/** Bits of a run's length, by how often runs went on (ITU-T T.87 A.2.1). */
export const runBits = Uint8Array.from([
  0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15,
]);

const contexts = 365;

/** What a scan has learnt of its samples, and the samples that follow from it (T.87 Annex A). */
export class SampleModel {
  readonly #reader: BitReader;
  readonly #scan: ScanParameters;
  readonly #levels: { near: number; first: number; second: number; third: number };
  /** Sums of differences, biases, corrections and counts; two contexts of runs stand after the regular ones. */
  readonly #sums: Int32Array;
  readonly #biases = new Int32Array(contexts);
  readonly #corrections = new Int32Array(contexts);
  readonly #counts = new Int32Array(contexts + 2).fill(1);
  readonly #negatives = new Int32Array(2);

  constructor(reader: BitReader, scan: ScanParameters) {
    this.#reader = reader;
    this.#scan = scan;
    const [first, second, third] = scan.thresholds;
    this.#levels = { near: scan.near, first, second, third };
    this.#sums = new Int32Array(contexts + 2).fill(Math.max(2, (scan.range + 32) >> 6));
  }

  /** Context of the gradients around a sample: 0 where they are flat, negative where their sign is turned (A.3). */
  context(left: number, above: number, aboveLeft: number, aboveRight: number): number {
    return (
      81 * this.#quantized(aboveRight - above) +
      9 * this.#quantized(above - aboveLeft) +
      this.#quantized(aboveLeft - left)
    );
  }

  /** The next sample where the surroundings are not flat (A.4–A.6). */
  regular(signed: number, left: number, above: number, aboveLeft: number): number {
    const sign = signed < 0 ? -1 : 1;
    const context = signed * sign;
    const { largest, near, limit, rangeBits } = this.#scan;
    const corrected = predicted(left, above, aboveLeft) + sign * (this.#corrections[context] ?? 0);
    const prediction = Math.min(largest, Math.max(0, corrected));
    const count = this.#counts[context] ?? 1;
    const k = golombParameter(count, this.#sums[context] ?? 0);
    const code = this.#reader.code(k, limit, rangeBits);
    const turned = near === 0 && k === 0 && 2 * (this.#biases[context] ?? 0) <= -count;
    const difference = turned ? (code & 1 ? code >> 1 : -(code >> 1) - 1) : code & 1 ? -((code + 1) >> 1) : code >> 1;
    this.#learn(context, difference);
    return this.#reconstructed(prediction, sign * difference);
  }

  /** The sample that ends a run (A.7.2); `alone` where each sample of a pixel ends it by itself. */
  interruption(left: number, above: number, runIndex: number, alone: boolean): number {
    const { near, limit, rangeBits } = this.#scan;
    const type = alone && Math.abs(left - above) <= near ? 1 : 0;
    const at = contexts + type;
    const count = this.#counts[at] ?? 1;
    const k = golombParameter(count, (this.#sums[at] ?? 0) + (type === 1 ? count >> 1 : 0));
    const code = this.#reader.code(k, limit - (runBits[runIndex] ?? 0) - 1, rangeBits);
    const odd = (code + type) & 1;
    const size = (code + type + odd) >> 1;
    const negatives = this.#negatives[type] ?? 0;
    const difference = (k !== 0 || 2 * negatives >= count ? 1 : 0) === odd ? -size : size;
    this.#learnRun(type, difference, code);
    return this.#reconstructed(type === 1 ? left : above, type === 0 && left > above ? -difference : difference);
  }

  #quantized(gradient: number): number {
    const size = gradient < 0 ? -gradient : gradient;
    const { near, first, second, third } = this.#levels;
    const level = size <= near ? 0 : size < first ? 1 : size < second ? 2 : size < third ? 3 : 4;
    return gradient < 0 ? -level : level;
  }

  #reconstructed(prediction: number, difference: number): number {
    const { near, largest, range } = this.#scan;
    const step = 2 * near + 1;
    let value = prediction + difference * step;
    if (value < -near) value += range * step;
    else if (value > largest + near) value -= range * step;
    return Math.min(largest, Math.max(0, value));
  }

  /** A.6.1 and A.6.2. */
  #learn(context: number, difference: number): void {
    const { near, reset } = this.#scan;
    let bias = (this.#biases[context] ?? 0) + difference * (2 * near + 1);
    let sum = (this.#sums[context] ?? 0) + Math.abs(difference);
    let count = this.#counts[context] ?? 1;
    let correction = this.#corrections[context] ?? 0;
    if (count === reset) {
      sum >>= 1;
      bias >>= 1;
      count >>= 1;
    }
    count++;
    if (bias <= -count) {
      bias = Math.max(bias + count, 1 - count);
      correction = Math.max(-128, correction - 1);
    } else if (bias > 0) {
      bias = Math.min(bias - count, 0);
      correction = Math.min(127, correction + 1);
    }
    this.#biases[context] = bias;
    this.#sums[context] = sum;
    this.#counts[context] = count;
    this.#corrections[context] = correction;
  }

  #learnRun(type: number, difference: number, code: number): void {
    const at = contexts + type;
    if (difference < 0) this.#negatives[type] = (this.#negatives[type] ?? 0) + 1;
    let sum = (this.#sums[at] ?? 0) + ((code + 1 - type) >> 1);
    let count = this.#counts[at] ?? 1;
    if (count === this.#scan.reset) {
      sum >>= 1;
      count >>= 1;
      this.#negatives[type] = (this.#negatives[type] ?? 0) >> 1;
    }
    this.#sums[at] = sum;
    this.#counts[at] = count + 1;
  }
}

function golombParameter(count: number, sum: number): number {
  let k = 0;
  while (count << k < sum && k < 24) k++;
  return k;
}

/** The median edge detector (A.4.1). */
function predicted(left: number, above: number, aboveLeft: number): number {
  if (aboveLeft >= Math.max(left, above)) return Math.min(left, above);
  if (aboveLeft <= Math.min(left, above)) return Math.max(left, above);
  return left + above - aboveLeft;
}
