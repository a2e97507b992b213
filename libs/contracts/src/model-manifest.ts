import { codedConceptSchema } from '@sightline/findings';
import { z } from 'zod';
import { workerSchema } from './worker.ts';

export const modelNameSchema = z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower-case words joined by hyphens');
export const modelVersionSchema = z.string().regex(/^\d+\.\d+\.\d+$/, 'MAJOR.MINOR.PATCH');

export const modelReferenceSchema = z.strictObject({ name: modelNameSchema, version: modelVersionSchema });

export const modelRoleSchema = z.enum(['candidate', 'shadow', 'canary', 'primary', 'retired', 'rolled-back']);
export const releaseSchema = z.enum(['worklist-only', 'on-signature', 'immediate']);

const figureSchema = z.object({
  name: z.string(),
  output: z.string(),
  value: z.number(),
  ci95: z.tuple([z.number(), z.number()]),
  n: z.int().positive(),
  patients: z.int().positive(),
});

const outputSchema = z.strictObject({
  key: modelNameSchema,
  /** Column of the logits tensor. */
  index: z.int().nonnegative(),
  finding: codedConceptSchema,
  site: codedConceptSchema.optional(),
  threshold: z.number().min(0).max(1),
  /** probability = sigmoid(slope · logit + intercept). */
  calibration: z.strictObject({ kind: z.literal('platt'), slope: z.number(), intercept: z.number() }),
});

/** `models/<name>/model.json`: what the mesh runs a model by. A change to any value is a new version. */
export const modelManifestSchema = z.strictObject({
  name: modelNameSchema,
  version: modelVersionSchema,
  title: z.string().min(1),
  file: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  worker: workerSchema,
  role: modelRoleSchema,
  release: releaseSchema,
  unitOfAnswer: z.enum(['image', 'slice', 'study']),
  input: z.strictObject({
    /** Routing looks at modality alone (0008,0060). */
    modalities: z.array(z.string().min(2)).min(1),
    selection: z.literal('every-image'),
    tensor: z.strictObject({
      name: z.string(),
      layout: z.literal('NCHW'),
      channels: z.literal(1),
      range: z.tuple([z.number(), z.number()]),
      photometric: z.literal('MONOCHROME2'),
    }),
  }),
  graph: z.strictObject({ logits: z.string(), activation: z.string(), embedding: z.string() }),
  outputs: z.array(outputSchema).min(1),
  applicability: z.strictObject({
    modality: z.array(z.string()).min(1),
    bodyPart: z.array(z.string()).min(1),
    view: z.array(z.string()).min(1),
    /** Whole years at the study date, both ends included. */
    age: z.strictObject({ minYears: z.number(), maxYears: z.number(), unknown: z.literal('refuse') }),
  }),
  evaluation: z.strictObject({
    /** Output key → column of labels.csv. */
    labels: z.record(z.string(), z.string()),
    patient: z.string(),
    /** DICOM keyword → value a bare image is given, so that evaluating passes the gates that serving has. */
    assume: z.record(z.string(), z.string()),
    primary: figureSchema,
    figures: z.string(),
  }),
  licences: z.record(z.string(), z.string()),
  intendedUse: z.string().min(1),
  limits: z.array(z.string().min(1)),
});

export type ModelManifest = z.infer<typeof modelManifestSchema>;
export type ModelOutput = ModelManifest['outputs'][number];
export type ModelReference = z.infer<typeof modelReferenceSchema>;
export type ModelRole = z.infer<typeof modelRoleSchema>;
export type Release = z.infer<typeof releaseSchema>;
