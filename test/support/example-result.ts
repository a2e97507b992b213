import type { ResultInChart } from '@sightline/fhir';
import { codes, concept, findingSchema } from '@sightline/findings';
import { exampleModel } from './example-model.ts';

/** One finding on one radiograph, as a model said it and the chart is to hold it: nobody real. */
export function exampleResult(patient = 'Patient/7', uid = '1.2.826.0.1.3680043.8.498.1'): ResultInChart {
  const image = {
    seriesInstanceUid: `${uid}.1`,
    sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
    sopInstanceUid: `${uid}.2`,
  };
  return {
    study: {
      studyInstanceUid: uid,
      revision: 1,
      patient: {},
      modalities: ['DX', 'PT'],
      startedAt: '2026-02-03T04:05:06+01:00',
      accessionNumber: 'A1',
    },
    model: { ...exampleModel, card: '# Card' },
    images: [{ ...image, modality: 'DX' }] as unknown as ResultInChart['images'],
    findings: [
      findingSchema.parse({
        key: 'pneumonia',
        trackingIdentifier: 'pneumonia 1',
        trackingUid: '2.25.1',
        concept: concept(codes.snomed.pneumonia),
        site: concept(codes.snomed.lung),
        laterality: 'left',
        presence: 'present',
        certainty: { probability: 0.9, threshold: 0.4 },
        measurements: [],
        sources: [image],
        sentence: 'Suspected pneumonia.',
      }),
    ],
    completedAt: '2026-02-03T04:06:00.000Z',
    generation: 1,
    edition: 1,
    state: 'unreviewed',
    review: { verdicts: [] },
    patient,
    orders: [],
    onlyReport: true,
  };
}
