import { textOf, type FrameDescription } from '@sightline/dicom';
import type { UidOf } from '../result-uids.ts';
import type { PictureOfResult } from './picture-of-result.ts';
import type { PlacedPicture } from './place-picture.ts';

/**
 * A parametric map has to have a frame of reference and a plane (PS3.3 A.75), and a radiograph has none. Its map lies in a frame of
 * reference of its own, whose origin means nothing, and is turned as the image says it is (0020,0020), so that no side is made up; pixels
 * have the size that they have at the detector. Where the image does not say how it is turned or how large it is, there is no map.
 */
export function withPlace<P extends PictureOfResult>(
  placed: PlacedPicture<P>,
  uidOf: UidOf,
): PlacedPicture<P> | undefined {
  const { frame, instance } = placed;
  const { imagePositionPatient = origin, distinctions } = frame;
  const known = distinctions.FrameOfReferenceUID !== undefined && frame.imagePositionPatient !== undefined;
  const imageOrientationPatient = frame.imageOrientationPatient ?? turned(instance.header.patientOrientation);
  const pixelSpacing = frame.pixelSpacing ?? atDetector(textOf(instance.dataset, 'ImagerPixelSpacing'));
  if (imageOrientationPatient === undefined || pixelSpacing === undefined) return undefined;
  const own = { FrameOfReferenceUID: uidOf('frame of reference', instance.header.sopInstanceUid) };
  return {
    ...placed,
    frame: {
      ...frame,
      imagePositionPatient,
      imageOrientationPatient,
      pixelSpacing,
      distinctions: known ? distinctions : { ...distinctions, ...own },
    },
  };
}

const origin = [0, 0, 0] as const;

/** Directions of Patient Orientation (0020,0020) in the patient's coordinates (PS3.3 C.7.6.1.1.1), by their first letter. */
const directions: Readonly<Record<string, readonly [number, number, number]>> = {
  L: [1, 0, 0],
  R: [-1, 0, 0],
  P: [0, 1, 0],
  A: [0, -1, 0],
  H: [0, 0, 1],
  F: [0, 0, -1],
};

/** Of the direction of a row and that of a column, where they lie on two axes of the body. */
function turned([along = '', down = '']: readonly string[]): FrameDescription['imageOrientationPatient'] {
  const [row, column] = [directions[along.charAt(0)], directions[down.charAt(0)]];
  if (row === undefined || column === undefined) return undefined;
  return row.every((part, axis) => part === 0 || column[axis] === 0) ? { row, column } : undefined;
}

function atDetector(text: string | undefined): FrameDescription['pixelSpacing'] {
  const [row, column] = (text ?? '').split('\\').map(Number);
  return row !== undefined && column !== undefined && row > 0 && column > 0 ? { row, column } : undefined;
}
