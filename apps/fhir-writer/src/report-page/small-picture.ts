import sharp, { type Sharp } from 'sharp';
import type { Picture } from './picture.ts';

/** Pixels of the longer side: about 150 to the inch in half a page's width. */
const longestSide = 512;

/** What a picture of few bytes may unpack to. */
const limits = { limitInputPixels: 64_000_000, sequentialRead: true } as const;

/** The image as the model was shown it, at the size in which it is printed. */
export async function smallImage(png: Buffer): Promise<Picture['content']> {
  return drawn(shrunk(png).flatten({ background: 'white' }));
}

/** A map over an image that was made small before. */
export async function overlaid(
  image: Extract<Picture['content'], { kind: 'png' }>,
  map: Buffer,
): Promise<Picture['content']> {
  const { width, height } = image;
  const over = await sharp(map, limits).resize(width, height, { fit: 'fill' }).png().toBuffer();
  return drawn(
    sharp(image.png)
      .toColourspace('srgb')
      .composite([{ input: over }])
      .removeAlpha(),
  );
}

function shrunk(png: Buffer): Sharp {
  return sharp(png, limits).resize(longestSide, longestSide, { fit: 'inside', withoutEnlargement: true });
}

async function drawn(image: Sharp): Promise<Picture['content']> {
  const { data, info } = await image.png({ compressionLevel: 9 }).toBuffer({ resolveWithObject: true });
  return { kind: 'png', png: data, width: info.width, height: info.height };
}
