/** Frames of one bit a pixel, one after the other without a gap, the first pixel in the lowest bit (PS3.5 8.1.1). */
export function packBits(frames: readonly Uint8Array[]): Uint8Array {
  const pixels = frames.reduce((sum, frame) => sum + frame.length, 0);
  const packed = new Uint8Array(Math.ceil(pixels / 8));
  let at = 0;
  for (const frame of frames) {
    for (const value of frame) {
      if (value !== 0) packed[at >>> 3] = (packed[at >>> 3] ?? 0) | (1 << (at & 7));
      at++;
    }
  }
  return packed;
}
