import sharp, { type OutputInfo } from 'sharp';
import { unpacked } from '../read-bounded.ts';
import type { Printed } from './picture.ts';

/** Pixels of the longer side: about 150 to the inch in half a page's width. */
const longestSide = 512;

/** A page is read beside the images and never in their place: on paper this looks as a PNG does, and takes a fifteenth of it. */
const print = { quality: 90 } as const;

/** An opaque image as its pixels. */
export interface Pixels {
  data: Buffer;
  info: OutputInfo;
}

/** The image as the model was shown it, at the size in which it is printed. */
export async function smallImage(png: Buffer): Promise<Pixels> {
  return sharp(png, unpacked)
    .resize(longestSide, longestSide, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: 'white' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
}

/** An image that was made small before, and a map over it. */
export async function printed({ data, info }: Pixels, map?: Buffer): Promise<Printed> {
  const { width, height } = info;
  const image = sharp(data, { raw: info });
  const shown = map ? image.composite([{ input: await fitted(map, info) }]).removeAlpha() : image;
  return { kind: 'jpeg', jpeg: await shown.jpeg(print).toBuffer(), width, height };
}

/** A map is mostly kept at this very size. */
async function fitted(map: Buffer, { width, height }: { width: number; height: number }): Promise<Buffer> {
  const image = sharp(map, unpacked);
  const kept = await image.metadata();
  if (kept.width === width && kept.height === height) return map;
  return image.resize(width, height, { fit: 'fill' }).png().toBuffer();
}
