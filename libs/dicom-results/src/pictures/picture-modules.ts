import type { WritableDataset } from '@sightline/dicom';
import type { Digest, Finding, ResultSet } from '@sightline/findings';
import { schemesOf, type CodingSchemes } from '../coding-schemes.ts';
import { equipment } from '../dicom-object.ts';
import { limitedText } from '../limited-text.ts';
import { dicomInstant, offsetOf } from '../result-clock.ts';
import { uidsOfReport, type UidOf } from '../result-uids.ts';
import type { SourceInstance } from '../source-instance.ts';
import { studyModules } from '../study-modules.ts';

/** The result that pictures belong to, and an image of the study they lie in. */
export interface PictureContext {
  set: ResultSet;
  source: SourceInstance;
  schemes: CodingSchemes;
  /** Pictures stay the same whatever people say of the finding: the edition is no part of what they are. */
  uidOf: UidOf;
}

export function pictureContext(
  set: ResultSet,
  { source, digest }: { source: SourceInstance; digest: Digest },
): PictureContext {
  const uidOf = uidsOfReport(set, digest);
  return {
    set,
    source,
    schemes: schemesOf(set),
    uidOf: (...words) => uidOf(...words, set.study.revision, set.completedAt),
  };
}

/** Modules that all objects with pixels share: patient, study, equipment, content label and time. */
export function pictureModules({ set, source }: PictureContext, finding: Finding, what: string): WritableDataset {
  const { date, time } = dicomInstant(set.completedAt, offsetOf(set, source));
  const index = set.findings.findIndex(({ trackingUid }) => trackingUid === finding.trackingUid);
  return {
    ...studyModules(set, source),
    ...equipment(set),
    SeriesDescription: limitedText('LO', `AI ${what}: ${set.model.title}`),
    InstanceNumber: String(index + 1),
    ContentDate: date,
    ContentTime: time,
  };
}

/** Content Identification (PS3.3 Table 10-12); a label is a CS. */
export function contentIdentification(finding: Finding, label: string): WritableDataset {
  return {
    ContentLabel: label,
    ContentDescription: limitedText('LO', finding.concept.display),
    ContentCreatorName: '',
  };
}
