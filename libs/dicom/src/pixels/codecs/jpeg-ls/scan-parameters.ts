import { Undecodable } from '../../unsupported.ts';

/** What a scan is coded with (ITU-T T.87 A.1, C.2.4.1.1). */
export interface ScanParameters {
  largest: number;
  near: number;
  thresholds: [number, number, number];
  reset: number;
  /** Quantized differences there are, and the bits one takes. */
  range: number;
  rangeBits: number;
  /** Longest code of a difference. */
  limit: number;
}

/** Of an LSE segment; 0 stands for the default. */
export interface Preset {
  largest: number;
  thresholds: [number, number, number];
  reset: number;
}

export const noPreset: Preset = { largest: 0, thresholds: [0, 0, 0], reset: 0 };

export function readPreset(payload: Uint8Array): Preset {
  if (payload[0] !== 1 || payload.length < 11) throw new Undecodable('JPEG-LS with mapping tables or larger sizes');
  const [largest = 0, first = 0, second = 0, third = 0, reset = 0] = [1, 3, 5, 7, 9].map(
    (at) => ((payload[at] ?? 0) << 8) | (payload[at + 1] ?? 0),
  );
  return { largest, thresholds: [first, second, third], reset };
}

export function scanParameters(precision: number, near: number, preset: Preset): ScanParameters {
  const largest = preset.largest || 2 ** precision - 1;
  if (largest >= 2 ** precision || near > Math.min(255, largest >> 1))
    throw new Undecodable('JPEG-LS parameters beyond the bits of a sample');
  const range = Math.floor((largest + 2 * near) / (2 * near + 1)) + 1;
  const bits = Math.max(2, Math.ceil(Math.log2(largest + 1)));
  const thresholds = thresholdsOf(largest, near, preset.thresholds);
  const rangeBits = Math.ceil(Math.log2(range));
  return {
    largest,
    near,
    thresholds,
    reset: preset.reset || 64,
    range,
    rangeBits,
    limit: 2 * (bits + Math.max(8, bits)),
  };
}

/** T.87 C.2.4.1.1.1. */
function thresholdsOf(largest: number, near: number, preset: [number, number, number]): [number, number, number] {
  const clamp = (value: number, low: number): number => (value > largest || value < low ? low : value);
  const scaled = (basic: number, offset: number, weight: number): number => {
    if (largest >= 128) return ((Math.min(largest, 4095) + 128) >> 8) * (basic - offset) + offset + weight * near;
    return Math.max(offset, Math.floor(basic / Math.floor(256 / (largest + 1))) + weight * near);
  };
  const first = preset[0] || clamp(scaled(3, 2, 3), near + 1);
  const second = preset[1] || clamp(scaled(7, 3, 5), first);
  return [first, second, preset[2] || clamp(scaled(21, 4, 7), second)];
}
