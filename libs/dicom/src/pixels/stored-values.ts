import type { PixelDescription } from './describe-pixels.ts';
import { Undecodable } from './unsupported.ts';

/** One value a sample, samples of a pixel beside each other. */
export type StoredValues =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** Cells as a codec or the data set gives them: which of their bits are the value is the description's to say. */
export type Cells = Uint8Array | Uint16Array | Uint32Array;

/** Stored values of integer cells: unused bits dropped, overlays in them included, and the sign extended (PS3.5 8.1.1). */
export function storedValues(cells: Cells, description: PixelDescription, bits = description.bitsStored): StoredValues {
  const values = emptyValues(cells.length, description);
  const shift = bits === description.bitsStored ? description.highBit + 1 - bits : 0;
  const unused = 32 - bits;
  if (shift === 0 && bits === description.bitsAllocated && values.BYTES_PER_ELEMENT === cells.BYTES_PER_ELEMENT) {
    values.set(cells);
    return values;
  }
  for (let i = 0; i < cells.length; i++) {
    const raw = ((cells[i] ?? 0) >>> shift) << unused;
    values[i] = description.signed ? raw >> unused : raw >>> unused;
  }
  return values;
}

function emptyValues(length: number, { bitsAllocated, signed }: PixelDescription): StoredValues {
  if (bitsAllocated <= 8) return signed ? new Int8Array(length) : new Uint8Array(length);
  if (bitsAllocated === 16) return signed ? new Int16Array(length) : new Uint16Array(length);
  return signed ? new Int32Array(length) : new Uint32Array(length);
}

function emptyCells(length: number, size: number): Cells {
  if (size === 1) return new Uint8Array(length);
  return size === 2 ? new Uint16Array(length) : new Uint32Array(length);
}

/** Cells of `bits` each from native bytes; where OW of a big endian data set holds bytes, the two of each word change places. */
export function cellsOf(bytes: Uint8Array, bits: 8 | 16 | 32, littleEndian: boolean): Cells {
  if (bits === 8) return bytes;
  const size = bits / 8;
  const count = Math.floor(bytes.length / size);
  const copy = copied(bytes.subarray(0, count * size));
  if (!littleEndian) swap(copy, size);
  return bits === 16 ? new Uint16Array(copy.buffer, 0, count) : new Uint32Array(copy.buffer, 0, count);
}

export function floatsOf(bytes: Uint8Array, bits: 32 | 64, littleEndian: boolean): Float32Array | Float64Array {
  const copy = copied(bytes);
  if (!littleEndian) swap(copy, bits / 8);
  return bits === 32 ? new Float32Array(copy.buffer) : new Float64Array(copy.buffer);
}

/** Begins where a wider array may begin, and is never the caller's memory: `slice` of a Buffer is no copy. */
export function copied(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** Reverses every `size` bytes in place. */
export function swap(bytes: Uint8Array, size: number): void {
  for (let at = 0; at + size <= bytes.length; at += size) {
    for (let low = at, high = at + size - 1; low < high; low++, high--) {
      const kept = bytes[low] ?? 0;
      bytes[low] = bytes[high] ?? 0;
      bytes[high] = kept;
    }
  }
}

/** `count` pixels of one bit each from bit `first` on, the least significant bit of a byte first (PS3.5 8.1.1, D.2). */
export function unpackBits(bytes: Uint8Array, first: number, count: number): Uint8Array {
  if (bytes.length * 8 < first + count) throw new Undecodable('the pixel data is too short');
  const values = new Uint8Array(count);
  for (let i = 0, bit = first; i < count; i++, bit++) values[i] = ((bytes[bit >>> 3] ?? 0) >>> (bit & 7)) & 1;
  return values;
}

/** Samples of a pixel beside each other, from all of the first sample, then all of the second, … */
export function interleave(planes: Cells, samples: number): Cells {
  const pixels = planes.length / samples;
  const whole = emptyCells(planes.length, planes.BYTES_PER_ELEMENT);
  for (let sample = 0; sample < samples; sample++)
    for (let i = 0; i < pixels; i++) whole[i * samples + sample] = planes[sample * pixels + i] ?? 0;
  return whole;
}

/** Y1 Y2 CB CR for every two pixels of a row, to Y CB CR for each (YBR_FULL_422 native, PS3.3 C.7.6.3.1.2). */
export function expand422(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array((bytes.length / 4) * 6);
  for (let at = 0, to = 0; at + 4 <= bytes.length; at += 4, to += 6) {
    whole[to] = bytes[at] ?? 0;
    whole[to + 3] = bytes[at + 1] ?? 0;
    whole[to + 1] = whole[to + 4] = bytes[at + 2] ?? 0;
    whole[to + 2] = whole[to + 5] = bytes[at + 3] ?? 0;
  }
  return whole;
}
