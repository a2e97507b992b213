import type { FrameDescription } from '@sightline/dicom';
import type { Finding } from '@sightline/findings';
import type { SourceInstance, SourceInstances } from '../source-instance.ts';
import type { PictureOfResult } from './picture-of-result.ts';
import { showsFinding } from './shows-finding.ts';

/** A picture with the instance and the frame that it was drawn on. */
export interface PlacedPicture<P extends PictureOfResult = PictureOfResult> {
  picture: P;
  instance: SourceInstance;
  frame: FrameDescription;
}

export type Placing<P extends PictureOfResult> =
  | { kind: 'placed'; placed: PlacedPicture<P> }
  | { kind: 'invalid'; reason: string };

/** Finds what a picture was drawn on; one that cannot lie on it, or shows nothing that was found there, is refused. */
export function placePicture<P extends PictureOfResult>(
  picture: P,
  findings: readonly Finding[],
  sources: SourceInstances,
): Placing<P> {
  const { source, width, height, values } = picture;
  const instance = sources.find(({ header }) => header.sopInstanceUid === source.sopInstanceUid);
  const frame = instance?.frames[(source.frame ?? 1) - 1];
  if (instance === undefined || frame === undefined) return invalid(picture, 'the image it was drawn on is not given');
  if (!findings.some((finding) => showsFinding(picture, finding)))
    return invalid(picture, 'there is no such finding on that image');
  if (width < 1 || height < 1 || values.length !== width * height) return invalid(picture, 'its values do not fill it');
  const fits = width === frame.columns && height === frame.rows;
  if (picture.kind === 'region' && !fits) return invalid(picture, 'its size is not that of the image');
  return { kind: 'placed', placed: { picture, instance, frame } };
}

function invalid({ kind, findingKey }: PictureOfResult, reason: string): { kind: 'invalid'; reason: string } {
  return { kind: 'invalid', reason: `${kind} of ${findingKey}: ${reason}` };
}
