import { uidSchema } from '@sightline/dicom';
import { z } from 'zod';
import { codedConceptSchema } from './coded-concept.ts';

/** Where a side comes from decides whether it may be said at all: image attributes or geometry, never a heat map. */
export const lateralitySchema = z.enum(['left', 'right', 'bilateral', 'unknown']);

/** The image a finding was made on. `frame` is 1-based (PS3.3 C.7.6.16). */
export const sourceImageSchema = z.strictObject({
  seriesInstanceUid: uidSchema,
  sopClassUid: uidSchema,
  sopInstanceUid: uidSchema,
  frame: z.int().positive().optional(),
});

/** A number with its UCUM unit (SR NUM; TID 300). */
export const measurementSchema = z.strictObject({
  concept: codedConceptSchema,
  /** JSON can say −0 and FHIR cannot: it is 0. */
  value: z.number().overwrite((value) => value + 0),
  unit: z.strictObject({ code: z.string().min(1), display: z.string().min(1) }),
});

/**
 * One thing a model was asked to look for in one image or volume, in the words of SR TID 1500.
 *
 * `presence` is the model's answer at its shipped threshold; `certainty.probability` is calibrated, 0–1, and `threshold` the
 * value it was compared with. A refusal is never a finding: it is the outcome `skipped`.
 */
export const findingSchema = z.strictObject({
  /** Output key of the model's manifest, for example `pneumonia`. */
  key: z.string().min(1),
  /** Stable across revisions and re-runs of the same input (DCM 112039, 112040). */
  trackingIdentifier: z.string().min(1),
  trackingUid: uidSchema,
  concept: codedConceptSchema,
  site: codedConceptSchema.optional(),
  laterality: lateralitySchema,
  presence: z.enum(['present', 'absent', 'not-prioritised']),
  certainty: z.strictObject({ probability: z.number().min(0).max(1), threshold: z.number().min(0).max(1) }),
  measurements: z.array(measurementSchema),
  sources: z.array(sourceImageSchema).min(1),
  /** One sentence a clinician would write: what, where, how sure, what was not looked at. */
  sentence: z.string().min(1),
});

export type Finding = z.infer<typeof findingSchema>;
export type Laterality = z.infer<typeof lateralitySchema>;
export type SourceImage = z.infer<typeof sourceImageSchema>;
export type Measurement = z.infer<typeof measurementSchema>;
