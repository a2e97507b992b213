import type { PixelDescription } from '../describe-pixels.ts';
import type { Cells } from '../stored-values.ts';
import { Undecodable } from '../unsupported.ts';

const headerBytes = 64;

/**
 * RLE Lossless (PS3.5 Annex G): one segment for each byte of each sample, the most significant first. No segment is expanded
 * beyond the pixels there are, and one that holds fewer is refused.
 */
export function decodeRunLength(bytes: Uint8Array, description: PixelDescription): Cells {
  const { rows, columns, samplesPerPixel, bitsAllocated } = description;
  if (bitsAllocated === 1 || bitsAllocated === 64) throw new Undecodable(`RLE of ${bitsAllocated} bits allocated`);
  const size = bitsAllocated / 8;
  const segments = segmentsOf(bytes, size * samplesPerPixel);
  const cells = new Uint8Array(rows * columns * samplesPerPixel * size);
  segments.forEach((segment, i) => {
    // Of little endian cells, samples of a pixel beside each other.
    const first = Math.floor(i / size) * size + (size - 1 - (i % size));
    expand(segment, cells, first, size * samplesPerPixel);
  });
  if (size === 1) return cells;
  return size === 2 ? new Uint16Array(cells.buffer) : new Uint32Array(cells.buffer);
}

function segmentsOf(bytes: Uint8Array, expected: number): Uint8Array[] {
  if (bytes.length < headerBytes) throw new Undecodable('the RLE header is too short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(0, true);
  if (count !== expected) throw new Undecodable(`${count} RLE segments where the header claims ${expected}`);
  const offsets = Array.from({ length: count }, (_, i) => view.getUint32(4 + i * 4, true));
  return offsets.map((offset, i) => {
    const end = offsets[i + 1] ?? bytes.length;
    if (offset < headerBytes || end < offset || end > bytes.length)
      throw new Undecodable('an RLE segment lies outside its frame');
    return bytes.subarray(offset, end);
  });
}

/** PackBits into every `step`th byte of `cells`; what follows the last pixel is padding. */
function expand(segment: Uint8Array, cells: Uint8Array, first: number, step: number): void {
  let to = first;
  let at = 0;
  while (to < cells.length) {
    const control = segment[at++];
    if (control === undefined) throw new Undecodable('an RLE segment ends before its pixels');
    if (control === 128) continue;
    const isRun = control > 128;
    const count = isRun ? 257 - control : control + 1;
    if (at + (isRun ? 1 : count) > segment.length) throw new Undecodable('an RLE segment ends before its pixels');
    for (let i = 0; i < count && to < cells.length; i++, to += step) cells[to] = segment[isRun ? at : at + i] ?? 0;
    at += isRun ? 1 : count;
  }
}
