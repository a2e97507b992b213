import sharp from 'sharp';
import type { GreyFrame } from '../pixel-reader.ts';

/** The frame as the model was shown it, as a grey PNG of eight bits at its own size. */
export async function drawKeyImage({ width, height, values }: GreyFrame): Promise<Buffer> {
  return sharp(new Uint8ClampedArray(values), { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
}
