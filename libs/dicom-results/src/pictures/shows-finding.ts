import type { Finding } from '@sightline/findings';
import type { PictureOfResult } from './picture-of-result.ts';

/** A picture shows the finding with its key whose images hold the one it was drawn on. */
export function showsFinding(
  { findingKey, source }: Pick<PictureOfResult, 'findingKey' | 'source'>,
  { key, sources }: Finding,
): boolean {
  return (
    findingKey === key &&
    sources.some(
      ({ sopInstanceUid, frame }) =>
        sopInstanceUid === source.sopInstanceUid && (frame === undefined || frame === (source.frame ?? 1)),
    )
  );
}
