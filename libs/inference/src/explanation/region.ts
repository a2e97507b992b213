import sharp from 'sharp';

/** Where in a frame a finding lies, as a pipeline outlines it: `mask` row by row at the size of the frame, 0 outside. */
export interface Region {
  findingKey: string;
  mask: Uint8Array;
}

/** The region as a grey PNG of 0 (outside) and 255 (inside). Throws on a mask of another size than the frame. */
export async function drawRegion(
  { findingKey, mask }: Region,
  { width, height }: { width: number; height: number },
): Promise<Buffer> {
  if (mask.length !== width * height)
    throw new RangeError(`the region of ${findingKey} has ${mask.length} pixels, not ${width} × ${height}`);
  const inside = mask.map((value) => (value === 0 ? 0 : 255));
  return sharp(inside, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
}
