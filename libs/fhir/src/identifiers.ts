import { codes } from '@sightline/findings';
import { type Identifier, type Resource } from '@medplum/fhirtypes';
import { codeable } from './coding.ts';
import { type Digest, type ResultSet, type StudyOfResult } from './result-set.ts';

const base = 'https://sightline.dev/fhir';

/** Identifier systems that are ours. */
export const identifierSystems = {
  report: `${base}/report`,
  answer: `${base}/answer`,
  observation: `${base}/observation`,
  model: `${base}/model`,
  modelCard: `${base}/model-card`,
  mesh: `${base}/mesh`,
} as const;

/** A DICOM UID as FHIR carries it (R4 ImagingStudy, "urn:dicom:uid"). */
export function dicomUid(uid: string): Identifier {
  return { system: 'urn:dicom:uid', value: `urn:oid:${uid}` };
}

/** One report per study, model and generation: this identifier stays with it through every revision. */
export function reportIdentifier(studyInstanceUid: string, model: string, generation: number): Identifier {
  return { system: identifierSystems.report, value: `${studyInstanceUid}/${model}/${generation}` };
}

/** Which answer the report speaks now: study, model version and revision. */
export function answerIdentifier({ study, model }: Pick<ResultSet, 'study' | 'model'>): Identifier {
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

/** A UUID that is always the same for the same resource type and name (RFC 9562, version 8). */
export function stableUuid(digest: Digest, type: Resource['resourceType'], name: string): string {
  const hex = digest(`${base}/${type}/${name}`);
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
