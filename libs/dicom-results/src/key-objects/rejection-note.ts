import { codes, type CheckedCode, type Digest, type ResultSet } from '@sightline/findings';
import type { DicomObject } from '../dicom-object.ts';
import type { SourceInstance } from '../source-instance.ts';
import { keyObjectSelection, type Selection } from './key-object-selection.ts';

/** Why objects shall no longer be used (IHE IOCM), by the title of the note that says so. */
export const rejectionTitles = {
  quality: codes.dicom.rejectedForQuality,
  'patient-safety': codes.dicom.rejectedForPatientSafety,
  'wrong-worklist-entry': codes.dicom.incorrectWorklistEntry,
} as const satisfies Record<string, CheckedCode>;

export type RejectionReason = keyof typeof rejectionTitles;

/** A note that takes back objects of ours. */
export function rejectionNote(
  set: ResultSet,
  from: { source: SourceInstance; digest: Digest },
  { reason, objects, saidAt }: { reason: RejectionReason } & Pick<Selection, 'objects' | 'saidAt'>,
): DicomObject {
  return keyObjectSelection(set, from, {
    title: rejectionTitles[reason],
    description: 'Results of AI that shall not be used any more.',
    objects,
    saidAt,
  });
}
