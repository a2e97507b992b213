import { codes, type CodedConcept, type Finding, type Laterality } from '@sightline/findings';
import { type CodeableConcept, type Identifier, type Observation, type ObservationComponent } from '@medplum/fhirtypes';
import { aiAsserted, codeable, probability } from './coding.ts';
import { identifierSystems, dicomUid, reportIdentifier } from './identifiers.ts';
import { narrative } from './narrative.ts';
import type { ResultInChart } from './result-in-chart.ts';

/** References an Observation needs of its neighbours in the result set. */
export interface ObservationLinks {
  imagingStudy: string;
  device: string;
  /** The images of this finding. */
  media: readonly string[];
}

/**
 * One finding as an Observation (`ImagingQualitativeEvaluation` of the HL7 dicom-sr guide): the question is the code, the
 * model's answer at its threshold the value, and how sure it was a component. A suspicion, never a bare diagnosis.
 */
export function observation(finding: Finding, set: ResultInChart, links: ObservationLinks): Observation {
  const { study, completedAt, patient } = set;
  const site = bodySite(finding);
  const interpretation = interpretationOf(finding);
  return {
    resourceType: 'Observation',
    meta: aiAsserted(),
    text: narrative(['Unverified, by AI.', finding.sentence]),
    identifier: [
      observationIdentifier(finding.trackingUid, set),
      { use: 'secondary', ...dicomUid(finding.trackingUid) },
    ],
    partOf: [{ reference: links.imagingStudy }],
    status: 'preliminary',
    category: [codeable(codes.hl7.categoryImaging)],
    code: codeable(finding.concept),
    subject: { reference: patient },
    ...(study.startedAt === undefined ? {} : { effectiveDateTime: study.startedAt }),
    issued: completedAt,
    valueCodeableConcept: presence(finding),
    ...(interpretation === undefined ? {} : { interpretation: [interpretation] }),
    note: [{ text: finding.sentence }],
    ...(site === undefined ? {} : { bodySite: site }),
    method: { text: `Image analysis by ${set.model.title} ${set.model.version}` },
    device: { reference: links.device },
    derivedFrom: [links.imagingStudy, ...links.media].map((reference) => ({ reference })),
    component: components(finding),
  };
}

/** The same finding in the same report, however often it is told. */
export function observationIdentifier(
  trackingUid: string,
  { study, model, generation }: Pick<ResultInChart, 'study' | 'model' | 'generation'>,
): Identifier {
  const report = reportIdentifier(study.studyInstanceUid, model.name, generation).value ?? '';
  return { system: identifierSystems.observation, value: `${report}/${trackingUid}` };
}

/** An Observation whose finding a newer revision no longer makes. */
export function withdrawn(known: Observation, revision: number): Observation {
  return {
    ...known,
    status: 'entered-in-error',
    text: narrative([`Withdrawn: revision ${revision} of the study no longer gives this finding.`]),
    note: [...(known.note ?? []), { text: `No longer found in revision ${revision} of the study.` }],
  };
}

function presence({ presence: answer }: Finding): CodeableConcept {
  switch (answer) {
    case 'present':
      return codeable(codes.snomed.present);
    case 'absent':
      return codeable(codes.snomed.absent);
    case 'not-prioritised':
      return codeable(codes.local.notPrioritised);
  }
}

function interpretationOf({ presence: answer }: Finding): CodeableConcept | undefined {
  switch (answer) {
    case 'present':
      return codeable(codes.hl7.positive);
    case 'absent':
      return codeable(codes.hl7.negative);
    case 'not-prioritised':
      return undefined;
  }
}

function components(finding: Finding): ObservationComponent[] {
  return [
    { code: codeable(codes.dicom.certaintyOfFinding), valueQuantity: probability(finding.certainty.probability) },
    { code: codeable(codes.local.decisionThreshold), valueQuantity: probability(finding.certainty.threshold) },
    { code: codeable(codes.snomed.laterality, 'Side'), valueCodeableConcept: side(finding.laterality) },
    ...finding.measurements.map(({ concept, value, unit }) => ({
      code: codeable(concept),
      valueQuantity: { value, unit: unit.display, system: codes.ucum.one.system, code: unit.code },
    })),
  ];
}

function side(laterality: Laterality): CodeableConcept {
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

const pairedSites: Record<string, { left: CodedConcept; right: CodedConcept }> = {
  [codes.snomed.lung.code]: { left: codes.snomed.leftLung, right: codes.snomed.rightLung },
  [codes.snomed.eye.code]: { left: codes.snomed.leftEye, right: codes.snomed.rightEye },
};

const sideWords = { left: 'left', right: 'right', bilateral: 'both sides', unknown: 'side unknown' } as const;

/** Pre-coordinated with the side where SNOMED CT has the pair in our table; always repeated in the text. */
function bodySite({ site, laterality }: Finding): CodeableConcept | undefined {
  if (site === undefined) {
    return undefined;
  }
  const sided = laterality === 'left' || laterality === 'right' ? pairedSites[site.code]?.[laterality] : undefined;
  return codeable(sided ?? site, `${site.display}, ${sideWords[laterality]}`);
}
