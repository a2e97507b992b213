import type { Finding } from '@sightline/findings';
import type { PictureOfResult } from './picture-of-result.ts';
import type { PlacedPicture } from './place-picture.ts';

/** A finding and the pictures of one kind that show it in one object. */
export interface PicturedFinding<P extends PictureOfResult> {
  finding: Finding;
  pictures: readonly PlacedPicture<P>[];
}

/** What tells an object of a finding from its others of the same kind: the finding, and the first image drawn on. */
export function whatIsDrawn({ finding, pictures }: PicturedFinding<PictureOfResult>): (string | number)[] {
  const source = pictures[0]?.picture.source;
  return [finding.trackingUid, source?.sopInstanceUid ?? '', source?.frame ?? 0];
}

/** The side (0020,0060) that every image drawn on states for itself, or none. */
export function lateralityOf(pictures: readonly PlacedPicture[]): 'L' | 'R' | '' {
  const stated = new Set(pictures.map(({ instance }) => instance.header.laterality?.side));
  const [side] = stated;
  return stated.size === 1 && (side === 'L' || side === 'R') ? side : '';
}
