import createOpenJpeg from '@cornerstonejs/codec-openjpeg/wasmjs';
import type { GreyPicture } from '../evaluate/wrap-image.ts';

const headerBytes = 64;

/** RLE Lossless (PS3.5 Annex G) of eight bits: one segment, row by row. */
export function encodeRunLength({ width, height, grey }: GreyPicture): Uint8Array {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(1, 0);
  header.writeUInt32LE(headerBytes, 4);
  const rows = Array.from({ length: height }, (_, y) => packBits(grey.subarray(y * width, (y + 1) * width)));
  const encoded = Buffer.concat([header, ...rows]);
  return encoded.length % 2 === 0 ? encoded : Buffer.concat([encoded, Buffer.of(0)]);
}

/** Runs of three and more as runs, everything else as it is; neither is longer than 128. */
function packBits(row: Uint8Array): Buffer {
  const packed: number[] = [];
  for (let at = 0; at < row.length;) {
    const run = runFrom(row, at);
    if (run > 2) {
      packed.push(257 - run, row[at] ?? 0);
      at += run;
      continue;
    }
    const start = at;
    while (at < row.length && at - start < 128 && runFrom(row, at) < 3) at++;
    packed.push(at - start - 1, ...row.subarray(start, at));
  }
  return Buffer.from(packed);
}

function runFrom(row: Uint8Array, at: number): number {
  let end = at + 1;
  while (end < row.length && end - at < 128 && row[end] === row[at]) end++;
  return end - at;
}

/** JPEG 2000, reversible (ITU-T T.800). */
export async function encodeJpeg2000({ width, height, grey }: GreyPicture): Promise<Uint8Array> {
  const openJpeg = await createOpenJpeg();
  const encoder = new openJpeg.J2KEncoder();
  try {
    encoder.getDecodedBuffer({ width, height, bitsPerSample: 8, componentCount: 1, isSigned: false }).set(grey);
    // Each halves the sides: a small picture has no more of them.
    encoder.setDecompositions(Math.min(5, Math.floor(Math.log2(Math.min(width, height)))));
    encoder.setQuality(true, 1);
    encoder.encode();
    return Uint8Array.from(encoder.getEncodedBuffer());
  } finally {
    encoder.delete();
  }
}
