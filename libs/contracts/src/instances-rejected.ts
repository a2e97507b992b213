import { uidSchema } from '@sightline/dicom';
import { z } from 'zod';

/** Why instances shall no longer be used (IHE IOCM): titles 113001, 113037 and 113038 of the note that says so. */
const rejectionReasonSchema = z.enum(['quality', 'patient-safety', 'wrong-worklist-entry']);

/** A rejection note from outside names instances of a study; one that names several studies is said of each. */
export const instancesRejectedSchema = z.strictObject({
  studyInstanceUid: uidSchema,
  noteSopInstanceUid: uidSchema,
  reason: rejectionReasonSchema,
  instances: z
    .array(z.strictObject({ seriesInstanceUid: uidSchema, sopClassUid: uidSchema, sopInstanceUid: uidSchema }))
    .min(1),
  /** When the note came here. */
  rejectedAt: z.iso.datetime(),
});

export type InstancesRejected = z.infer<typeof instancesRejectedSchema>;
