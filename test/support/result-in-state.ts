import { uidSchema } from '@sightline/dicom';
import {
  codes,
  concept,
  findingSchema,
  type Finding,
  type GivenVerdict,
  type ReportState,
  type ResultSet,
} from '@sightline/findings';
import { exampleModel } from './example-model.ts';

const studyInstanceUid = '1.2.826.0.1.3680043.8.498.1';
const radiologist = { subject: 'radiologist-7', role: 'radiologist', name: 'Ada Reading' } as const;

export function findingNumber(n: number, more: Partial<Finding> = {}): Finding {
  return findingSchema.parse({
    key: 'pneumonia',
    trackingIdentifier: `pneumonia ${n}`,
    trackingUid: `2.25.${n}`,
    concept: concept(codes.snomed.pneumonia),
    site: concept(codes.snomed.lung),
    laterality: 'unknown',
    presence: 'present',
    certainty: { probability: 0.912346, threshold: 0.4 },
    measurements: [],
    sources: [
      {
        seriesInstanceUid: `${studyInstanceUid}.1`,
        sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
        sopInstanceUid: `${studyInstanceUid}.1.${n}`,
      },
    ],
    sentence: `Suspected pneumonia in image ${n} (91 %).`,
    ...more,
  });
}

/** Of three findings the first was accepted, the second rejected and the third replaced. */
function verdicts(): GivenVerdict[] {
  const given = { by: radiologist, at: '2026-02-03T05:00:00.000Z' };
  const on = (n: number) => ({ trackingUid: uidSchema.parse(`2.25.${n}`), ...given });
  return [
    { verdict: 'accepted', ...on(1) },
    { verdict: 'rejected', reason: 'A fold of the skin.', ...on(2) },
    { verdict: 'corrected', concept: concept(codes.snomed.lungConsolidation), ...on(3) },
  ];
}

/** A chest radiograph's report as it is in each state, with everything a finding may have. */
export function resultInState(state: ReportState, more: Partial<ResultSet> = {}): ResultSet {
  const answered = state === 'signed' || state === 'corrected' || state === 'rejected';
  const refusal = { reason: concept(codes.refusals['wrong-view']), detail: 'Only frontal views are read.' };
  return {
    study: {
      studyInstanceUid,
      revision: 1,
      patient: {},
      modalities: ['DX'],
      startedAt: '2026-02-03T04:05:06+01:00',
      accessionNumber: 'A1',
    },
    model: exampleModel,
    images: [],
    findings: state === 'refused' ? [] : findingsOfChest(),
    ...(state === 'refused' ? { refusal } : {}),
    completedAt: '2026-02-03T04:06:00.000Z',
    generation: 1,
    edition: 1,
    state,
    review: answered
      ? { verdicts: verdicts(), signature: { by: radiologist, at: '2026-02-03T05:01:00.000Z' } }
      : { verdicts: [] },
    ...more,
  };
}

function findingsOfChest(): Finding[] {
  const size = { concept: concept(codes.dicom.certaintyOfFinding), value: 0.5, unit: { code: '1', display: '1' } };
  return [
    findingNumber(1, { laterality: 'left', measurements: [size] }),
    findingNumber(2, { presence: 'absent', laterality: 'right' }),
    findingNumber(3, { presence: 'not-prioritised', laterality: 'bilateral' }),
  ];
}
