import { uidSchema } from '@sightline/dicom';
import { reportStates, verdictSchema } from '@sightline/findings';
import { z } from 'zod';
import { modelReferenceSchema } from './model-manifest.ts';

const reportStateSchema = z.enum(reportStates);

/** What was brought to one destination: the EHR's resources, by which bundle; `edition` is the state of the report it tells. */
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
  /**
   * sha256 of the result set as the transaction an empty chart would be sent: the same for the same answer, whoever files it. Absent
   * where nothing was brought: a person answered the report there.
   */
  bundleSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  filedAt: z.iso.datetime(),
  /** Name of the destination, as the site configures it. */
  destination: z.string().min(1).optional(),
  /** Which report of this study and model, from 1. */
  generation: z.int().positive().optional(),
  /** Which of the states this report has been in, from 1. */
  edition: z.int().positive().optional(),
  /** The verdicts that are in the report as filed. */
  verdicts: z.array(verdictSchema).optional(),
  /** True where a person there has answered for the whole of it: nothing more of ours is written to it, but that it is withdrawn. */
  closed: z.boolean().optional(),
});

export type ReportFiled = z.infer<typeof reportFiledSchema>;
