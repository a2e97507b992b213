import { codes, type CodedConcept, type Finding } from '@sightline/findings';
import type { BodyStructure, CodeableConcept } from '@medplum/fhirtypes';
import { codeable } from './coding.ts';
import { identifierSystems, observationIdentifier } from './identifiers.ts';
import { narrative } from './narrative.ts';
import type { ResultInChart } from './result-in-chart.ts';

const pairedSites: Record<string, { left: CodedConcept; right: CodedConcept }> = {
  [codes.snomed.lung.code]: { left: codes.snomed.leftLung, right: codes.snomed.rightLung },
  [codes.snomed.eye.code]: { left: codes.snomed.leftEye, right: codes.snomed.rightEye },
};

const sideWords = { left: 'left', right: 'right', bilateral: 'both sides', unknown: 'side unknown' } as const;

/** Extension of R4 that says more of a site than its code can. */
const bodySiteExtension = 'http://hl7.org/fhir/StructureDefinition/bodySite';

/** How a finding says its site: one code with the side in it, a code beside a BodyStructure, or a code and the words "side unknown". */
export type Site =
  | { kind: 'none' }
  | { kind: 'code'; bodySite: CodeableConcept }
  | { kind: 'structure'; bodySite: (structure: string) => CodeableConcept; structure: BodyStructure };

export function siteOf(finding: Finding, set: ResultInChart): Site {
  const { site, laterality } = finding;
  if (site === undefined) return { kind: 'none' };
  const text = `${site.display}, ${sideWords[laterality]}`;
  const sided = laterality === 'left' || laterality === 'right' ? pairedSites[site.code]?.[laterality] : undefined;
  if (sided !== undefined || laterality === 'unknown') return { kind: 'code', bodySite: codeable(sided ?? site, text) };
  return {
    kind: 'structure',
    bodySite: (structure) => ({
      extension: [{ url: bodySiteExtension, valueReference: { reference: structure, display: text } }],
      ...codeable(site, text),
    }),
    structure: {
      resourceType: 'BodyStructure',
      text: narrative([text]),
      identifier: [
        {
          system: identifierSystems.bodyStructure,
          value: observationIdentifier(finding.trackingUid, set).value ?? '',
        },
      ],
      location: codeable(site),
      locationQualifier: [side(laterality)],
      description: text,
      patient: { reference: set.patient },
    },
  };
}

export function side(laterality: Finding['laterality']): CodeableConcept {
  switch (laterality) {
    case 'left':
      return codeable(codes.snomed.left);
    case 'right':
      return codeable(codes.snomed.right);
    case 'bilateral':
      return codeable(codes.snomed.rightAndLeft);
    case 'unknown':
      return codeable(codes.snomed.unknown, 'Side unknown');
  }
}
