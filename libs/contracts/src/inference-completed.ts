import { codes, findingSchema, sourceImageSchema } from '@sightline/findings';
import { z } from 'zod';
import { failureSchema } from './failure.ts';
import { requestRoleSchema } from './inference-requested.ts';
import { modelReferenceSchema } from './model-manifest.ts';
import { studyContextSchema } from './study.ts';

const reasons = Object.keys(codes.refusals) as (keyof typeof codes.refusals)[];

/** Why a model did not speak, by the code of the table in `findings`. A refusal is a first-class result and never a negative. */
export const skipReasonSchema = z.enum(reasons);

/** Of a heat map's pixel: how opaque it is, of 255, where the evidence is greatest; what is clear had nothing to do with the answer. */
export const mostOpaqueEvidence = 150;

/**
 * A picture beside an answer: PNG bytes in the object store, at the size of the source image; a heat map may be smaller and is
 * stretched over it. A region is a mask of 0 and 255.
 */
export const artefactSchema = z.strictObject({
  kind: z.enum(['heat-map', 'key-image', 'region']),
  findingKey: z.string().optional(),
  source: sourceImageSchema,
  objectKey: z.string().min(1),
  mediaType: z.literal('image/png'),
  /** Pixels. */
  width: z.int().positive(),
  height: z.int().positive(),
});

export const outcomeSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('findings'),
    findings: z.array(findingSchema).min(1),
    artefacts: z.array(artefactSchema),
  }),
  z.strictObject({ kind: z.literal('skipped'), reason: skipReasonSchema, detail: z.string() }),
  z.strictObject({ kind: z.literal('failed'), failure: failureSchema }),
]);

/**
 * What came of a request. `model` is absent only for `skipped(no-model)`, which dicom-ingest says itself. A `failed` may be
 * replaced by later findings for the same input.
 */
export const inferenceCompletedSchema = z.strictObject({
  study: studyContextSchema,
  model: modelReferenceSchema.optional(),
  role: requestRoleSchema,
  outcome: outcomeSchema,
  /** Every image the model was shown, so that the chart can name its evidence; `objectKey` is where its Part 10 file lies. */
  images: z.array(sourceImageSchema.extend({ objectKey: z.string().min(1).optional() })),
  timings: z.strictObject({
    requestedAt: z.iso.datetime().optional(),
    startedAt: z.iso.datetime().optional(),
    completedAt: z.iso.datetime(),
  }),
});

export type InferenceCompleted = z.infer<typeof inferenceCompletedSchema>;
export type InferenceOutcome = z.infer<typeof outcomeSchema>;
export type Artefact = z.infer<typeof artefactSchema>;
export type SkipReason = z.infer<typeof skipReasonSchema>;
