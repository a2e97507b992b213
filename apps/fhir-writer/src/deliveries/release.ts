import type { Release } from '@sightline/contracts';
import type { Review } from '@sightline/findings';

/** Why a report may not leave the mesh yet, or undefined where it may. What was told once may always be taken back or changed. */
export function heldBy(release: Release, review: Review, wasTold: boolean): Exclude<Release, 'immediate'> | undefined {
  if (wasTold || release === 'immediate') return undefined;
  if (release === 'on-signature') return review.signature === undefined ? release : undefined;
  return release;
}
