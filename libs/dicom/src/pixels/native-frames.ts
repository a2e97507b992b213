import type { ByteSource } from './byte-source.ts';
import type { PixelDescription } from './describe-pixels.ts';
import type { PixelElement } from './find-pixels.ts';
import type { Decoded } from './stored-frame.ts';
import { cellsOf, copied, expand422, floatsOf, interleave, storedValues, swap, unpackBits } from './stored-values.ts';
import { Undecodable } from './unsupported.ts';

/** Bits of one frame; frames follow each other without a gap, those of single bits within a byte (PS3.5 8.1.1). */
function frameBits(description: PixelDescription): number {
  const { rows, columns, samplesPerPixel, bitsAllocated, photometric } = description;
  const samples = photometric === 'YBR_FULL_422' ? 2 : samplesPerPixel;
  return rows * columns * samples * bitsAllocated;
}

/** Why native pixels of this length cannot be all the frames the description claims. */
export function tooShort(description: PixelDescription, length: number): string | undefined {
  if (description.photometric === 'YBR_FULL_422' && (description.columns % 2 === 1 || description.bitsAllocated !== 8))
    return 'YBR_FULL_422 of an odd number of columns or more than 8 bits';
  return length * 8 < frameBits(description) * description.frames ? 'the pixel data is too short' : undefined;
}

/** Reads one frame of native pixels, and no other. */
export async function readNativeFrame(
  source: ByteSource,
  { offset, vr }: PixelElement,
  description: PixelDescription,
  littleEndian: boolean,
  frame: number,
): Promise<Decoded> {
  const bits = frameBits(description);
  const firstBit = bits * frame;
  // Words are read whole, so that their bytes can change places.
  const start = Math.floor(firstBit / 16) * 2;
  const end = Math.ceil((firstBit + bits) / 16) * 2;
  const read = await source.read(offset + start, end - start);
  const swapped = !littleEndian && vr === 'OW' && description.bitsAllocated <= 8;
  const bytes = swapped ? swappedWords(read) : read;
  const skipped = firstBit - start * 8;
  if (bytes.length * 8 < skipped + bits) throw new Undecodable('the pixel data is too short');
  return nativeValues(bytes, skipped, bits, description, littleEndian);
}

/** Values of one frame whose first bit is `firstBit` of `bytes`. */
export function nativeValues(
  bytes: Uint8Array,
  firstBit: number,
  bits: number,
  description: PixelDescription,
  littleEndian: boolean,
): Decoded {
  const { bitsAllocated, form, photometric, planar, samplesPerPixel } = description;
  if (bitsAllocated === 1) return { photometric, values: unpackBits(bytes, firstBit, bits) };
  const own = bytes.subarray(firstBit / 8, (firstBit + bits) / 8);
  if (bitsAllocated === 64 || form === 'float')
    return { photometric, values: floatsOf(own, bitsAllocated === 64 ? 64 : 32, littleEndian) };
  if (photometric === 'YBR_FULL_422') return { photometric: 'YBR_FULL', values: expand422(own) };
  const cells = cellsOf(own, bitsAllocated, littleEndian);
  return { photometric, values: storedValues(planar ? interleave(cells, samplesPerPixel) : cells, description) };
}

function swappedWords(bytes: Uint8Array): Uint8Array {
  const copy = copied(bytes);
  swap(copy, 2);
  return copy;
}

/** One frame that stands alone in a fragment, uncompressed. */
export function aloneInFragment(bytes: Uint8Array, description: PixelDescription): Decoded {
  const bits = frameBits(description);
  if (tooShort({ ...description, frames: 1 }, bytes.length) !== undefined)
    throw new Undecodable('the pixel data is too short');
  return nativeValues(bytes, 0, bits, description, true);
}
