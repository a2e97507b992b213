import { itemsOf, textOf, type WritableDataset } from '@sightline/dicom';
import type { ResultSet } from '@sightline/findings';
import type { CodingSchemes } from '../coding-schemes.ts';
import { equipment } from '../dicom-object.ts';
import { limitedText } from '../limited-text.ts';
import { dicomInstant, offsetOf } from '../result-clock.ts';
import type { SourceInstance } from '../source-instance.ts';
import { studyModules } from '../study-modules.ts';
import { evidenceItem, type Evidence } from './evidence.ts';
import type { ContentRoot } from './content-item.ts';
import { writeRoot } from './write-content.ts';

/** Everything that makes a document of a content tree, whatever kind of document it is. */
export interface DocumentParts {
  set: ResultSet;
  source: SourceInstance;
  schemes: CodingSchemes;
  root: ContentRoot;
  /** All instances that the tree points at. */
  evidence: readonly Evidence[];
  /** When what it says was said. */
  saidAt: string;
}

/** Modules that structured reports and key object selections share (PS3.3 A.35.4, A.35.13). */
export function documentModules({ set, source, schemes, root, evidence, saidAt }: DocumentParts): WritableDataset {
  const { date, time } = dicomInstant(saidAt, offsetOf(set, source));
  const requests = requestItems(set, source);
  return {
    ...studyModules(set, source),
    ...equipment(set),
    ReferencedPerformedProcedureStepSequence: [],
    ContentDate: date,
    ContentTime: time,
    ...(requests.length > 0 && { ReferencedRequestSequence: requests }),
    CurrentRequestedProcedureEvidenceSequence: [evidenceItem(set.study.studyInstanceUid, evidence)],
    ...writeRoot(root, schemes),
  };
}

/** The requests that the images answer, and so does what is said of them (PS3.3 C.17.2). */
function requestItems({ study }: ResultSet, { dataset }: SourceInstance): WritableDataset[] {
  const stated = itemsOf(dataset, 'RequestAttributesSequence');
  const accession = textOf(dataset, 'AccessionNumber');
  const requests = stated.length > 0 || accession === undefined ? stated : [{}];
  return requests.map((request) => ({
    StudyInstanceUID: study.studyInstanceUid,
    ReferencedStudySequence: [],
    AccessionNumber: limitedText('SH', textOf(request, 'AccessionNumber') ?? accession ?? ''),
    PlacerOrderNumberImagingServiceRequest: '',
    FillerOrderNumberImagingServiceRequest: '',
    RequestedProcedureID: limitedText('SH', textOf(request, 'RequestedProcedureID') ?? ''),
    RequestedProcedureDescription: limitedText('LO', textOf(request, 'RequestedProcedureDescription') ?? ''),
    RequestedProcedureCodeSequence: itemsOf(request, 'RequestedProcedureCodeSequence'),
  }));
}
