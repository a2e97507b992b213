import { codes } from '@sightline/findings';
import { type Identifier, type Resource } from '@medplum/fhirtypes';
import { codeable } from './coding.ts';
import { stableUuid, type Digest, type StudyOfResult } from '@sightline/findings';
import type { ResultInChart } from './result-in-chart.ts';

const base = 'https://sightline.dev/fhir';

/** Identifier systems that are ours. */
export const identifierSystems = {
  report: `${base}/report`,
  answer: `${base}/answer`,
  observation: `${base}/observation`,
  model: `${base}/model`,
  modelCard: `${base}/model-card`,
  mesh: `${base}/mesh`,
  bodyStructure: `${base}/body-structure`,
  reviewer: `${base}/reviewer`,
} as const;

/** A DICOM UID as FHIR carries it (R4 ImagingStudy, "urn:dicom:uid"). */
export function dicomUid(uid: string): Identifier {
  return { system: 'urn:dicom:uid', value: `urn:oid:${uid}` };
}

/** One report per study, model and generation: this identifier stays with it through every revision. */
export function reportIdentifier(studyInstanceUid: string, model: string, generation: number): Identifier {
  return { system: identifierSystems.report, value: `${studyInstanceUid}/${model}/${generation}` };
}

/** The same statement in the same report, however often it is told: a finding, or a `part` of what is said of it. */
export function observationIdentifier(
  trackingUid: string,
  { study, model, generation }: Pick<ResultInChart, 'study' | 'model' | 'generation'>,
  part?: string,
): Identifier {
  const report = reportIdentifier(study.studyInstanceUid, model.name, generation).value ?? '';
  return {
    system: identifierSystems.observation,
    value: [report, trackingUid, ...(part === undefined ? [] : [part])].join('/'),
  };
}

/** Which report of ours a DiagnosticReport or Observation is of, or undefined where it is of none. */
export function reportOf(resource: {
  identifier?: Identifier[];
}): { studyInstanceUid: string; model: string; generation: number } | undefined {
  const ours: (string | undefined)[] = [identifierSystems.report, identifierSystems.observation];
  const value = resource.identifier?.find(({ system }) => ours.includes(system))?.value;
  const [, studyInstanceUid, model, generation] = /^([\d.]+)\/([^/]+)\/(\d{1,9})(?:\/|$)/.exec(value ?? '') ?? [];
  return studyInstanceUid === undefined || model === undefined
    ? undefined
    : { studyInstanceUid, model, generation: Number(generation) };
}

/** Which answer the report speaks now: study, model version and revision. */
export function answerIdentifier({ study, model }: Pick<ResultInChart, 'study' | 'model'>): Identifier {
  return {
    system: identifierSystems.answer,
    value: `${study.studyInstanceUid}/${model.name}@${model.version}/${study.revision}`,
  };
}

/** The answer a report in the chart speaks, or undefined where it is not one of ours. */
export function answerOf(resource: { identifier?: Identifier[] }): { version: string; revision: number } | undefined {
  const value = resource.identifier?.find(({ system }) => system === identifierSystems.answer)?.value;
  const parts = /@([^/]+)\/(\d+)$/.exec(value ?? '');
  return parts?.[1] === undefined ? undefined : { version: parts[1], revision: Number(parts[2]) };
}

/** The accession number with its issuer, typed so that a search by `ACSN` finds the study (v2-0203). */
export function accessionIdentifier(study: StudyOfResult): Identifier | undefined {
  if (study.accessionNumber === undefined) {
    return undefined;
  }
  return {
    type: codeable(codes.hl7.accession),
    value: study.accessionNumber,
    ...(study.issuerOfAccessionNumber === undefined ? {} : { assigner: { display: study.issuerOfAccessionNumber } }),
  };
}

/** Search that finds exactly what carries this identifier; `|` and all else escaped, as real servers need it. */
export function identifierQuery({ system, value }: Identifier): string {
  return `identifier=${encodeURIComponent(`${system ?? ''}|${value ?? ''}`)}`;
}

/** Id of ours for what carries no identifier, the same for the same resource type and name. */
export function stableId(digest: Digest, type: Resource['resourceType'], name: string): string {
  return stableUuid(digest, `${base}/${type}/${name}`);
}
