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
  /** What is said below the threshold: a model of triage has seen no reason to hurry, which is less than `absent`. */
  below: z.enum(['absent', 'not-prioritised']).default('absent'),
  /** probability = sigmoid(slope · logit + intercept). */
  calibration: z.strictObject({ kind: z.literal('platt'), slope: z.number(), intercept: z.number() }),
});

/** Grey of a frame as the model is shown it, before the graph. */
const greySchema = z.discriminatedUnion('kind', [
  /** As a display shows it: modality rescale or LUT, then the VOI of the image, MONOCHROME1 turned round; 0 black to 255 white. */
  z.strictObject({ kind: z.literal('display') }),
  /** Modality values (HU on CT) through one window, whatever the image's own VOI says: 0 at its lower end to 255 at its upper. */
  z.strictObject({ kind: z.literal('window'), center: z.number(), width: z.number().positive() }),
]);

/** From decoded pixels to tensor. What is done `in: 'graph'` is part of the ONNX file, so training and serving share it. */
const preparationSchema = z.strictObject({
  grey: greySchema,
  crop: z.literal('none'),
  /** Whether the sides keep their proportion when the graph makes its square. */
  aspect: z.enum(['kept', 'squeezed']),
  /** `size` in pixels; the graph takes images of any size and antialiases when it shrinks them. */
  resize: z.strictObject({
    in: z.literal('graph'),
    filter: z.literal('antialiased-linear'),
    size: z.int().positive(),
  }),
});

/** What is shown to the graph of all that was asked for: every frame of every image, or the slices of each volume in order. */
const selectionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('every-image') }),
  z.strictObject({
    kind: z.literal('volume'),
    /** Fewer slices than this are no volume to this model. */
    leastSlices: z.int().positive(),
    plane: z.enum(['axial', 'coronal', 'sagittal', 'any']),
  }),
]);

/** How answers to frames become the answer to a study; of logits, before calibration. */
const aggregationSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('max') }),
  z.strictObject({ kind: z.literal('mean') }),
  z.strictObject({ kind: z.literal('mean-of-top'), count: z.int().positive() }),
]);

/**
 * What one answer is about. `image`: each frame is answered alone. `slice`: each slice of a volume is answered alone and the
 * finding is the slice's. `study`: the slices of a volume are answered together.
 */
const answerSchema = z.discriminatedUnion('unit', [
  z.strictObject({ unit: z.literal('image') }),
  z.strictObject({ unit: z.literal('slice') }),
  z.strictObject({
    unit: z.literal('study'),
    /** First each slice's logit becomes the mean of it, twice, and of those before and behind it. */
    smoothed: z.literal('neighbours').optional(),
    aggregation: aggregationSchema,
  }),
]);

/** A number the graph gives of each frame, and what it may be at most. `detail` is one sentence for a clinician. */
const scoreGateSchema = z.strictObject({
  score: z.string().min(1),
  atMost: z.number(),
  reason: z.enum(['blank', 'text-only', 'inverted', 'rotated', 'poor-quality', 'out-of-distribution']),
  detail: z.string().min(1),
});

/** A file of the version's folder that vouches for it, and its sum. What a role needs is in `evidenceNeeded`. */
const evidenceSchema = z.strictObject({
  kind: z.enum(['evaluation', 'gates', 'explanation', 'golden', 'card', 'parity']),
  file: z.string().regex(/^[A-Za-z0-9_-]+(?:[./][A-Za-z0-9_-]+)*$/, 'a path below the model folder'),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** `models/<name>/model.json`: what the mesh runs a model by. A change to any value is a new version. */
export const modelManifestSchema = z
  .strictObject({
    name: modelNameSchema,
    version: modelVersionSchema,
    title: z.string().min(1),
    file: z.string().min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    worker: workerSchema,
    /** The part it plays where nobody has decided yet; afterwards roles live with audit-monitor. */
    role: modelRoleSchema,
    release: releaseSchema,
    answer: answerSchema,
    input: z.strictObject({
      /** Routing looks at modality alone (0008,0060). */
      modalities: z.array(z.string().min(2)).min(1),
      selection: selectionSchema,
      preparation: preparationSchema,
      tensor: z.strictObject({
        name: z.string(),
        layout: z.literal('NCHW'),
        channels: z.literal(1),
        range: z.tuple([z.number(), z.number()]),
        photometric: z.literal('MONOCHROME2'),
      }),
    }),
    /** Names in the graph. `scores`: [N,1] each, what the gates of `applicability` look at. */
    graph: z.strictObject({
      logits: z.string(),
      activation: z.string(),
      embedding: z.string(),
      scores: z.array(z.string()),
    }),
    outputs: z.array(outputSchema).min(1),
    /** The intended use as data: what is not stated in the header is not assumed, it is refused. */
    applicability: z.strictObject({
      modality: z.array(z.string()).min(1),
      bodyPart: z.array(z.string()).min(1),
      view: z.array(z.string()).min(1).optional(),
      /** Whole years at the study date, both ends included. */
      age: z
        .strictObject({ minYears: z.number(), maxYears: z.number(), unknown: z.enum(['refuse', 'allow']) })
        .optional(),
      scores: z.array(scoreGateSchema),
    }),
    /** The words of a sentence about an image: "… on this chest radiograph …", and what was not looked at. */
    wording: z.strictObject({ subject: z.string().min(1), notAssessed: z.string().min(1) }),
    /** Whether the map was measured to explain the answer; one that was not is never shown. */
    explanation: z.strictObject({ kind: z.literal('class-activation'), faithful: z.boolean() }),
    evaluation: z.strictObject({
      /** Output key → column of labels.csv. */
      labels: z.record(z.string(), z.string()),
      patient: z.string(),
      /** Columns that say which study an image is of, and its place there; only where the labels are of studies. */
      study: z.strictObject({ column: z.string(), order: z.string() }).optional(),
      /** DICOM keyword → value a bare image is given, so that evaluating passes the gates that serving has. */
      assume: z.record(z.string(), z.string()),
      primary: figureSchema,
      figures: z.string(),
    }),
    evidence: z.array(evidenceSchema),
    licences: z.record(z.string(), z.string()),
    intendedUse: z.string().min(1),
    limits: z.array(z.string().min(1)),
  })
  .superRefine(({ answer, release, evaluation, input, graph, applicability }, context) => {
    const say = (message: string, ...path: string[]): void => context.addIssue({ code: 'custom', message, path });
    // Without labels of studies nobody knows what an answer about a study is worth: "this image", and only the worklist.
    if (answer.unit === 'study' && evaluation.study === undefined)
      say('an answer about a study needs labels of studies', 'evaluation', 'study');
    if (answer.unit !== 'study' && release !== 'worklist-only')
      say(`a model that answers per ${answer.unit} is released to the worklist only`, 'release');
    if ((answer.unit === 'image') !== (input.selection.kind === 'every-image'))
      say(`an answer per ${answer.unit} needs another selection`, 'input', 'selection');
    for (const { score } of applicability.scores)
      if (!graph.scores.includes(score)) say(`the graph gives no ${score}`, 'applicability', 'scores');
  });

export type ModelManifest = z.infer<typeof modelManifestSchema>;
export type ScoreGate = ModelManifest['applicability']['scores'][number];
export type ModelEvidence = ModelManifest['evidence'][number];
export type ModelOutput = ModelManifest['outputs'][number];
export type ModelReference = z.infer<typeof modelReferenceSchema>;
export type ModelRole = z.infer<typeof modelRoleSchema>;
export type Release = z.infer<typeof releaseSchema>;
