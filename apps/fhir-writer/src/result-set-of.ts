import type { InferenceCompleted, InferenceOutcome, StudyContext } from '@sightline/contracts';
import { toDateTime, type ResultInChart } from '@sightline/fhir';
import type { ImageOfResult, StudyOfResult } from '@sightline/findings';
import type { KnownModel } from './known-models.ts';
import { reportKind } from './report-kind.ts';

/** An answer of a model that found something to say. */
export type Findings = InferenceCompleted & { outcome: Extract<InferenceOutcome, { kind: 'findings' }> };

/** SOP classes that only one modality makes, of those a chest X-ray comes in (PS3.3 A.2, A.26). */
const modalityOfSopClass: Readonly<Record<string, string>> = {
  '1.2.840.10008.5.1.4.1.1.1': 'CR',
  '1.2.840.10008.5.1.4.1.1.1.1': 'DX',
  '1.2.840.10008.5.1.4.1.1.1.1.1': 'DX',
};

/** The answer in the words libs/fhir wants. `generation` and `patient` say where it goes. */
export function resultSetOf(
  answer: Findings,
  { manifest, card }: KnownModel,
  siteTimezone: string,
  goesTo: { generation: number; patient: string },
): ResultInChart {
  return {
    study: studyOf(answer.study, siteTimezone),
    model: {
      name: manifest.name,
      version: manifest.version,
      title: manifest.title,
      sha256: manifest.sha256,
      intendedUse: manifest.intendedUse,
      reports: reportKind(manifest),
      ...(card === undefined ? {} : { card }),
    },
    images: imagesOf(answer, manifest.input.modalities),
    findings: answer.outcome.findings,
    completedAt: answer.timings.completedAt,
    edition: 1,
    state: 'unreviewed',
    review: { verdicts: [] },
    ...goesTo,
  };
}

function studyOf(study: StudyContext, siteTimezone: string): StudyOfResult {
  const { studyInstanceUid, revision, modalities, description, accessionNumber, issuerOfAccessionNumber } = study;
  const startedAt = study.startedAt === undefined ? undefined : toDateTime(study.startedAt, siteTimezone);
  return {
    studyInstanceUid,
    revision,
    patient: study.patient,
    modalities,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(description === undefined ? {} : { description }),
    ...(accessionNumber === undefined ? {} : { accessionNumber }),
    ...(issuerOfAccessionNumber === undefined ? {} : { issuerOfAccessionNumber }),
  };
}

/** The images read and those findings name; a finding's evidence is never missing from the study. */
function imagesOf({ study, images, outcome }: Findings, accepted: readonly string[]): ImageOfResult[] {
  const possible = study.modalities.filter((modality) => accepted.includes(modality));
  return [...images, ...outcome.findings.flatMap(({ sources }) => sources)].map((image) => ({
    ...image,
    modality:
      (possible.length === 1 ? possible[0] : modalityOfSopClass[image.sopClassUid]) ??
      possible[0] ??
      study.modalities[0] ??
      'OT',
  }));
}
