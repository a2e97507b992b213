import type { SourceImage } from '@sightline/findings';

interface Picture {
  /** Key of the finding that it shows (`Finding.key`), on an image of that finding. */
  findingKey: string;
  source: SourceImage;
  width: number;
  height: number;
  /** 8 bits a pixel, row by row. */
  values: Uint8Array;
}

/** How much each part of an image had to do with the answer: 0 nothing, 255 most. Of any size; it covers the whole image. */
export type HeatMap = Picture & { kind: 'heat-map' };

/**
 * Where on an image a finding is, pixel by pixel of the image: `binary` 0 is outside and anything else inside, `probability` 0 to 255
 * is how probably a pixel is inside.
 */
export type Region = Picture & { kind: 'region'; encoding: 'binary' | 'probability' };

export type PictureOfResult = HeatMap | Region;
