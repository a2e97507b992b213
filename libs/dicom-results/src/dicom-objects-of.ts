import { stateOutside, type Digest, type ResultSet } from '@sightline/findings';
import type { DicomObject, Identity } from './dicom-object.ts';
import { keyImages } from './key-objects/key-images.ts';
import { rejectionNote, type RejectionReason } from './key-objects/rejection-note.ts';
import { evidenceOfFinding } from './pictures/evidence-of-finding.ts';
import type { PictureOfResult } from './pictures/picture-of-result.ts';
import { placePicture, type PlacedPicture } from './pictures/place-picture.ts';
import type { Shown } from './report/measurement-group.ts';
import { structuredReport, structuredReportClass } from './report/structured-report.ts';
import { toldFindings } from './report/told-finding.ts';
import type { SourceInstance, SourceInstances } from './source-instance.ts';

/** An object of a report that an earlier edition of it sent. */
export type FiledObject = Identity;

export interface ObjectOptions {
  /** Hex sha256. */
  digest: Digest;
  /** No other report of the study exists or may: then a signed one is final. */
  onlyReport: boolean;
  /** An instant: when a withdrawal is told. A result does not hold it. */
  now: string;
  /** Why a withdrawn report was wrong; where nobody says so, it is the safety of the patient. */
  withdrawnBecause?: Exclude<RejectionReason, 'quality'>;
}

/** Every object of one state of one report, to be stored in the study of its images. */
export interface DicomObjects {
  kind: 'objects';
  structuredReport?: DicomObject;
  segmentations: DicomObject[];
  parametricMaps: DicomObject[];
  secondaryCaptures: DicomObject[];
  /** Key images, or the note that takes back what was filed. */
  keyObjects: DicomObject[];
}

/**
 * A result as DICOM objects. `sources` are images of its study, among them those that pictures were drawn on; `filed` are the objects
 * that earlier editions of this report sent, in their order: its last structured report is the predecessor of a new one, and a report that
 * no longer stands gives a note that rejects them all. The same result always gives the same bytes. What cannot be said correctly is
 * `invalid`, with a reason that holds no patient data.
 */
export function dicomObjectsOf(
  set: ResultSet,
  sources: SourceInstances,
  pictures: readonly PictureOfResult[],
  filed: readonly FiledObject[],
  options: ObjectOptions,
): DicomObjects | { kind: 'invalid'; reason: string } {
  const ofStudy = sources.filter(({ header }) => header.studyInstanceUid === set.study.studyInstanceUid);
  const [source] = ofStudy;
  if (source === undefined) return { kind: 'invalid', reason: 'no image of the study is given' };
  switch (stateOutside(set.state, options).structuredReport) {
    case 'none':
      return { ...nothing };
    case 'rejection-note':
      return { ...nothing, keyObjects: notesOn(set, source, filed, options) };
    case 'UNVERIFIED':
    case 'VERIFIED':
      return told(set, { source, sources: ofStudy, pictures, filed, options });
  }
}

const nothing: DicomObjects = {
  kind: 'objects',
  segmentations: [],
  parametricMaps: [],
  secondaryCaptures: [],
  keyObjects: [],
};

/** A rejected report was signed as such; when one was withdrawn is not in the result. */
function notesOn(
  set: ResultSet,
  source: SourceInstance,
  filed: readonly FiledObject[],
  { digest, now, withdrawnBecause = 'patient-safety' }: ObjectOptions,
): DicomObject[] {
  if (filed.length === 0) return [];
  const reason = set.state === 'rejected' ? 'quality' : withdrawnBecause;
  const saidAt = set.state === 'rejected' ? (set.review.signature?.at ?? now) : now;
  const objects = filed.map((object) => ({ ...object, type: valueTypeOf(object) }));
  return [rejectionNote(set, { source, digest }, { reason, objects, saidAt })];
}

/** Documents are no images (PS3.3 C.18.3 and C.18.4). */
function valueTypeOf({ sopClassUid }: FiledObject): 'IMAGE' | 'COMPOSITE' {
  return sopClassUid.startsWith('1.2.840.10008.5.1.4.1.1.88.') ? 'COMPOSITE' : 'IMAGE';
}

interface Given {
  source: SourceInstance;
  sources: SourceInstances;
  pictures: readonly PictureOfResult[];
  filed: readonly FiledObject[];
  options: ObjectOptions;
}

function told(set: ResultSet, { source, sources, pictures, filed, options }: Given): ReturnType<typeof dicomObjectsOf> {
  const { digest, onlyReport } = options;
  const placed: PlacedPicture[] = [];
  for (const picture of pictures) {
    const placing = placePicture(picture, set.findings, sources);
    if (placing.kind === 'invalid') return placing;
    placed.push(placing.placed);
  }
  const byModel = toldFindings(set).flatMap((one) => (one.by === 'model' ? [one.finding] : []));
  const evidence = byModel.map((finding) => evidenceOfFinding(set, finding, placed, { source, digest }));
  const shown = new Map<string, Shown>(evidence.map((one) => [one.trackingUid, one.shown]));
  const objects = evidence.flatMap((one) => [...one.segmentations, ...one.parametricMaps, ...one.secondaryCaptures]);
  const report = structuredReport(set, {
    digest,
    source,
    onlyReport,
    predecessor: filed.findLast(({ sopClassUid }) => sopClassUid === structuredReportClass),
    shownOf: (trackingUid) => shown.get(trackingUid) ?? { explanations: [] },
    shown: objects,
  });
  if (report.kind === 'none' && report.reason === 'no-signature')
    return { kind: 'invalid', reason: 'a signed report without its signature' };
  const selected = keyImages(set, { source, digest });
  return {
    kind: 'objects',
    ...(report.kind === 'report' && { structuredReport: report.object }),
    segmentations: evidence.flatMap(({ segmentations }) => segmentations),
    parametricMaps: evidence.flatMap(({ parametricMaps }) => parametricMaps),
    secondaryCaptures: evidence.flatMap(({ secondaryCaptures }) => secondaryCaptures),
    keyObjects: selected === undefined ? [] : [selected],
  };
}
