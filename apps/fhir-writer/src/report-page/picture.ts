import type { SourceImage } from '@sightline/findings';

/** Why a picture is not on the page: its place says so. */
export type LeftOut = 'missing' | 'too-large' | 'unreadable' | 'without-its-image' | 'no-room';

export interface Printed {
  kind: 'jpeg';
  jpeg: Buffer;
  width: number;
  height: number;
}

/**
 * What is shown of one image beside the findings: the image as the model was shown it, or the same with its map over it. `jpeg` is
 * small enough to print; `width` and `height` are its pixels.
 */
export interface Picture {
  kind: 'key-image' | 'heat-map';
  /** Output key of the model that a heat map explains. */
  findingKey?: string;
  source: SourceImage;
  content: Printed | { kind: 'left-out'; reason: LeftOut };
}
