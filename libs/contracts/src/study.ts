import { uidSchema } from '@sightline/dicom';
import { z } from 'zod';

/**
 * Who the images say the patient is: values as the scanner sent them (PS3.3 C.7.1.1), not yet an identity. `birthDate` is
 * YYYY-MM-DD, `name` keeps the DICOM components (Family^Given), `callingAeTitle` tells whose identifiers these are.
 */
export const patientSchema = z.strictObject({
  id: z.string().optional(),
  issuer: z.string().optional(),
  name: z.string().optional(),
  birthDate: z.iso.date().optional(),
  sex: z.enum(['M', 'F', 'O']).optional(),
});

/** What every step after ingestion needs to know of a study; carried in each message so that none depends on another's order. */
export const studyContextSchema = z.strictObject({
  studyInstanceUid: uidSchema,
  revision: z.int().positive(),
  patient: patientSchema,
  accessionNumber: z.string().optional(),
  issuerOfAccessionNumber: z.string().optional(),
  description: z.string().optional(),
  /** Start of the study with offset where the images give one (0008,0201); else local time of the site, without. */
  startedAt: z.string().optional(),
  callingAeTitle: z.string().optional(),
  modalities: z.array(z.string()).min(1),
});

/** One stored SOP Instance and the claim check of its bytes: a Part 10 file under `objectKey` in the object store. */
export const instanceSchema = z.strictObject({
  seriesInstanceUid: uidSchema,
  sopInstanceUid: uidSchema,
  sopClassUid: uidSchema,
  transferSyntaxUid: uidSchema,
  modality: z.string().min(1),
  instanceNumber: z.int().optional(),
  objectKey: z.string().min(1),
  /** Bytes of the Part 10 file. */
  size: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export type Patient = z.infer<typeof patientSchema>;
export type StudyContext = z.infer<typeof studyContextSchema>;
export type Instance = z.infer<typeof instanceSchema>;
