import { isOwnOutput, uidSchema, type DicomHeader } from '@sightline/dicom';
import { keyObjectSelectionClass, readRejectionNote, type RejectionReason } from '@sightline/dicom-results';
import { constants, inflateRawSync } from 'node:zlib';
import { z } from 'zod';

const rejectedSchema = z.array(
  z.strictObject({
    studyInstanceUid: uidSchema,
    seriesInstanceUid: uidSchema,
    sopClassUid: uidSchema,
    sopInstanceUid: uidSchema,
  }),
);

export type RejectedInstance = z.infer<typeof rejectedSchema>[number];

/** What a Key Object Selection from outside takes back. `unread`: nobody can say; the reason holds no patient data. */
export type Note =
  | { kind: 'rejection'; reason: RejectionReason; instances: readonly RejectedInstance[] }
  | { kind: 'no-rejection' }
  | { kind: 'unread'; reason: string };

/** True for what may take instances back: notes of ours that a PACS echoes are about results of ours, and say nothing here. */
export function mayReject(header: DicomHeader): boolean {
  return header.sopClassUid === keyObjectSelectionClass && !isOwnOutput(header);
}

/** Bytes of a note, inflated or not, that are read: some ten thousand instances. */
export const longestNote = 1 << 25;

/** Of a Part 10 file. */
export function readNote(part10: Uint8Array): Note {
  const read = readRejectionNote(part10, inflate);
  if (read.kind === 'invalid') return { kind: 'unread', reason: read.reason };
  if (read.kind === 'no-rejection') return { kind: 'no-rejection' };
  const { reason, instances } = read.note;
  const named = rejectedSchema.safeParse(instances);
  return named.success
    ? { kind: 'rejection', reason, instances: named.data }
    : { kind: 'unread', reason: 'a rejected instance whose UIDs are none' };
}

function inflate(deflated: Uint8Array): Uint8Array | undefined {
  try {
    return inflateRawSync(deflated, { maxOutputLength: longestNote, finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return undefined;
  }
}
