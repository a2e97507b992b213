import type { Uid } from '@sightline/dicom';
import type { Digest, Finding, ResultSet } from '@sightline/findings';
import type { DicomObject } from '../dicom-object.ts';
import { referenceOf, type Shown } from '../report/measurement-group.ts';
import type { SourceInstance } from '../source-instance.ts';
import { framesOfObjects } from './frame-geometry.ts';
import { withPlace } from './own-place.ts';
import { parametricMap } from './parametric-map.ts';
import { pictureContext } from './picture-modules.ts';
import type { PictureOfResult } from './picture-of-result.ts';
import { showsFinding } from './shows-finding.ts';
import type { PlacedPicture } from './place-picture.ts';
import { secondaryCapture } from './secondary-capture.ts';
import { segmentation } from './segmentation.ts';

/** The objects that show one finding, and how the report points at them. */
export interface EvidenceOfFinding {
  trackingUid: Uid;
  shown: Shown;
  segmentations: DicomObject[];
  parametricMaps: DicomObject[];
  secondaryCaptures: DicomObject[];
}

/** Of the pictures that were drawn, those of this finding. */
export function evidenceOfFinding(
  set: ResultSet,
  finding: Finding,
  placed: readonly PlacedPicture[],
  from: { source: SourceInstance; digest: Digest },
): EvidenceOfFinding {
  const context = pictureContext(set, from);
  const pictures = placed.filter(({ picture }) => showsFinding(picture, finding));
  const maps = pictures.filter(isOf('heat-map'));
  const regions = (['binary', 'probability'] as const).flatMap((encoding) =>
    framesOfObjects(pictures.filter(isOf('region')).filter(({ picture }) => picture.encoding === encoding)),
  );
  const segmentations = regions.map((drawn) => segmentation(context, { finding, pictures: drawn }));
  const placedMaps = framesOfObjects(maps.flatMap((map) => withPlace(map, context.uidOf) ?? []));
  const parametricMaps = placedMaps.map((drawn) => parametricMap(context, { finding, pictures: drawn }));
  const secondaryCaptures = framesOfObjects(maps).map((drawn) =>
    secondaryCapture(context, { finding, pictures: drawn }),
  );
  const region = regionOf(segmentations[0], regions[0]);
  return {
    trackingUid: finding.trackingUid,
    shown: {
      ...(region && { region }),
      explanations: [...parametricMaps, ...secondaryCaptures].map(({ sopClassUid, sopInstanceUid }) => ({
        sopClassUid,
        sopInstanceUid,
      })),
    },
    segmentations,
    parametricMaps,
    secondaryCaptures,
  };
}

function isOf<K extends PictureOfResult['kind']>(kind: K) {
  return (placed: PlacedPicture): placed is PlacedPicture<Extract<PictureOfResult, { kind: K }>> =>
    placed.picture.kind === kind;
}

/** The one segment of the first segmentation, or on one image its one frame: never both are named (TID 1410, PS3.3 C.18.4). */
function regionOf(outline: DicomObject | undefined, drawn: readonly PlacedPicture[] | undefined): Shown['region'] {
  if (outline === undefined || drawn === undefined) return undefined;
  const { sopClassUid, sopInstanceUid } = outline;
  const part = drawn.length === 1 ? { frames: [1] } : { segments: [1] };
  return {
    segment: { sopClassUid, sopInstanceUid, ...part },
    sources: drawn.map(({ picture }) => referenceOf(picture.source)),
  };
}
