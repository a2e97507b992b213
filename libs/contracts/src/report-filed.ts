import { uidSchema } from '@sightline/dicom';
import { z } from 'zod';
import { modelReferenceSchema } from './model-manifest.ts';

export const reportStateSchema = z.enum(['unreviewed', 'signed', 'corrected', 'rejected', 'withdrawn']);

/** What was written to the EHR, where, and by which bundle. */
export const reportFiledSchema = z.strictObject({
  studyInstanceUid: uidSchema,
  revision: z.int().positive(),
  model: modelReferenceSchema,
  state: reportStateSchema,
  /** Absolute URL of the DiagnosticReport, without version. */
  reportUrl: z.url(),
  resources: z.array(
    z.strictObject({ resourceType: z.string().min(1), id: z.string().min(1), versionId: z.string().optional() }),
  ),
  /** sha256 of the result set as the transaction an empty chart would be sent: the same for the same answer, whoever files it. */
  bundleSha256: z.string().regex(/^[0-9a-f]{64}$/),
  filedAt: z.iso.datetime(),
});

export type ReportFiled = z.infer<typeof reportFiledSchema>;
export type ReportState = z.infer<typeof reportStateSchema>;
