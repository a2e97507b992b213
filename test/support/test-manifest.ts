import { modelManifestSchema, type ModelManifest } from '@sightline/contracts';
import { codes, concept } from '@sightline/findings';

/**
 * The manifest of a model that exists on paper: for routing, filing and showing, where nothing is computed. A model that is
 * released further than the worklist answers about studies.
 */
export function testManifest(changes: Partial<ModelManifest> = {}): ModelManifest {
  const worklistOnly = (changes.release ?? 'worklist-only') === 'worklist-only';
  return modelManifestSchema.parse({
    name: 'test-reader',
    version: '1.0.0',
    title: 'A reader for tests',
    file: '1/model.onnx',
    sha256: '0'.repeat(64),
    worker: 'xray',
    role: 'primary',
    release: 'worklist-only',
    answer: worklistOnly ? { unit: 'image' } : { unit: 'study', aggregation: { kind: 'max' } },
    input: {
      modalities: ['CR', 'DX'],
      selection: worklistOnly ? { kind: 'every-image' } : { kind: 'volume', leastSlices: 1, plane: 'any' },
      preparation: {
        grey: { kind: 'display' },
        crop: 'none',
        aspect: 'squeezed',
        resize: { in: 'graph', filter: 'antialiased-linear', size: 224 },
      },
      tensor: { name: 'image', layout: 'NCHW', channels: 1, range: [0, 255], photometric: 'MONOCHROME2' },
    },
    graph: { logits: 'logits', activation: 'activation', embedding: 'embedding', scores: [] },
    outputs: [
      {
        key: 'pneumonia',
        index: 0,
        finding: concept(codes.snomed.pneumonia),
        site: concept(codes.snomed.lung),
        threshold: 0.42,
        calibration: { kind: 'platt', slope: 1, intercept: 0 },
      },
    ],
    applicability: {
      modality: ['CR', 'DX'],
      bodyPart: ['CHEST'],
      view: ['AP'],
      age: { minYears: 1, maxYears: 5, unknown: 'refuse' },
      scores: [],
    },
    wording: { subject: 'chest radiograph', notAssessed: 'side and lobe not assessed' },
    explanation: { kind: 'class-activation', faithful: true },
    evaluation: {
      labels: { pneumonia: 'pneumonia' },
      patient: 'patient',
      ...(worklistOnly ? {} : { study: { column: 'study', order: 'slice' } }),
      assume: {},
      primary: { name: 'auroc', output: 'pneumonia', value: 0.9, ci95: [0.8, 1], n: 10, patients: 10 },
      figures: 'evaluation.json',
    },
    evidence: [],
    licences: { weights: 'Apache-2.0' },
    intendedUse: 'Tests; not a medical device.',
    limits: ['Invented.'],
    ...changes,
  });
}
