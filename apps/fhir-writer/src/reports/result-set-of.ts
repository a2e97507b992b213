import type { InferenceCompleted, StudyContext } from '@sightline/contracts';
import { toDateTime } from '@sightline/fhir';
import {
  codes,
  concept,
  type ImageOfResult,
  type ResultSet,
  type SourceImage,
  type StudyOfResult,
} from '@sightline/findings';
import type { KnownModel, KnownModels } from './known-models.ts';
import { reportKind } from './report-kind.ts';
import type { Report } from './report-store.ts';

/** SOP classes that only one modality makes, of those a chest X-ray comes in (PS3.3 A.2, A.26). */
const modalityOfSopClass: Readonly<Record<string, string>> = {
  '1.2.840.10008.5.1.4.1.1.1': 'CR',
  '1.2.840.10008.5.1.4.1.1.1.1': 'DX',
  '1.2.840.10008.5.1.4.1.1.1.1.1': 'DX',
};

/** A report in the words every encoding is made from. */
export function resultSetOf(report: Report, { manifest, card }: KnownModel, siteTimezone: string): ResultSet {
  const { answer, generation, edition, state, review } = report;
  const { outcome } = answer;
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
    findings: outcome.kind === 'findings' ? outcome.findings : [],
    ...(outcome.kind === 'skipped'
      ? { refusal: { reason: concept(codes.refusals[outcome.reason]), detail: outcome.detail } }
      : {}),
    completedAt: answer.timings.completedAt,
    generation,
    edition,
    state,
    review,
  };
}

/** Editions of a report in those words; without those whose model nobody here knows any more. */
export async function resultSetsOf(
  editions: readonly Report[],
  models: KnownModels,
  siteTimezone: string,
): Promise<ResultSet[]> {
  const sets: ResultSet[] = [];
  for (const edition of editions) {
    const model = edition.answer.model && (await models.find(edition.answer.model));
    if (model !== undefined) sets.push(resultSetOf(edition, model, siteTimezone));
  }
  return sets;
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
function imagesOf({ study, images, outcome }: InferenceCompleted, accepted: readonly string[]): ImageOfResult[] {
  const possible = study.modalities.filter((modality) => accepted.includes(modality));
  const named = outcome.kind === 'findings' ? outcome.findings.flatMap(({ sources }) => sources) : [];
  return [...images.map(withoutKey), ...named].map((image) => ({
    ...image,
    modality:
      (possible.length === 1 ? possible[0] : modalityOfSopClass[image.sopClassUid]) ??
      possible[0] ??
      study.modalities[0] ??
      'OT',
  }));
}

function withoutKey(image: InferenceCompleted['images'][number]): SourceImage {
  const { objectKey: _objectKey, ...source } = image;
  return source;
}
