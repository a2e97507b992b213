import type { MonochromePixels } from '@sightline/dicom';
import sharp from 'sharp';

/** The image as it is displayed, as a grey PNG of eight bits at its own size. */
export async function drawKeyImage({ width, height, values }: MonochromePixels): Promise<Buffer> {
  return sharp(new Uint8ClampedArray(values), { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
}
