import {
  codes,
  correctionSentence,
  isCritical,
  stateOutside,
  verdictOn,
  type Finding,
  type GivenVerdict,
  type Measurement,
} from '@sightline/findings';
import type { Annotation, CodeableConcept, Extension, Observation, ObservationComponent } from '@medplum/fhirtypes';
import { side } from './body-site.ts';
import { aiAsserted, codeable, probability } from './coding.ts';
import { dicomUid, observationIdentifier } from './identifiers.ts';
import { narrative } from './narrative.ts';
import type { ResultInChart } from './result-in-chart.ts';
import { findingStatus, label, reviewerReference, sentenceOf } from './status.ts';

/** What an Observation needs of its neighbours in the result set. */
export interface ObservationLinks {
  imagingStudy: string;
  device: string;
  /** The images of this finding. */
  media: readonly string[];
  bodySite?: CodeableConcept;
}

/** How sure AI is of what the resource says, 0–1 (AI Transparency on FHIR, 2026Jan ballot). */
function aiConfidence({ certainty }: Finding): Extension {
  return {
    url: 'http://hl7.org/fhir/uv/aitransparency/StructureDefinition/AIconfidence',
    valueDecimal: Number(certainty.probability.toFixed(6)),
  };
}

/** What every Observation of a result set has in common. */
function base(set: ResultInChart, links: ObservationLinks): Omit<Observation, 'status' | 'code' | 'identifier'> {
  const { study, completedAt, patient, orders, encounter, model } = set;
  return {
    resourceType: 'Observation',
    meta: aiAsserted(),
    ...(orders.length === 0 ? {} : { basedOn: orders.map((reference) => ({ reference })) }),
    partOf: [{ reference: links.imagingStudy }],
    category: [codeable(codes.hl7.categoryImaging)],
    subject: { reference: patient },
    ...(encounter === undefined ? {} : { encounter: { reference: encounter } }),
    ...(study.startedAt === undefined ? {} : { effectiveDateTime: study.startedAt }),
    issued: completedAt,
    ...(links.bodySite === undefined ? {} : { bodySite: links.bodySite }),
    method: { text: `Image analysis by ${model.title} ${model.version}` },
    device: { reference: links.device, display: `${model.title} ${model.version}` },
    derivedFrom: [links.imagingStudy, ...links.media].map((reference) => ({ reference })),
  };
}

/**
 * One finding as a leaf (`ImagingQualitativeEvaluation` of the HL7 dicom-sr guide): the question is the code, the model's answer at
 * its threshold the value, and how sure it was a component. A suspicion, never a bare diagnosis.
 */
export function evaluation(finding: Finding, set: ResultInChart, links: ObservationLinks): Observation {
  const verdict = verdictOn(set.review, finding);
  const interpretation = interpretationOf(finding);
  return {
    ...base(set, links),
    extension: [aiConfidence(finding)],
    text: narrative([label(set), sentenceOf(set, finding)]),
    identifier: [
      observationIdentifier(finding.trackingUid, set),
      { use: 'secondary', ...dicomUid(finding.trackingUid) },
    ],
    status: findingStatus(set, finding),
    code: codeable(finding.concept),
    valueCodeableConcept: presence(finding),
    ...(interpretation.length === 0 ? {} : { interpretation }),
    note: [{ text: finding.sentence }, ...(verdict === undefined ? [] : [answerOf(verdict)])],
    component: components(finding),
  };
}

/** One number a finding was measured by (`ImagingMeasurement`). */
export function measurement(
  one: Measurement,
  n: number,
  finding: Finding,
  set: ResultInChart,
  links: ObservationLinks,
): Observation {
  const { concept, value, unit } = one;
  return {
    ...base(set, links),
    text: narrative([label(set), `${concept.display}: ${value} ${unit.display}`]),
    identifier: [observationIdentifier(finding.trackingUid, set, `measurement-${n}`)],
    status: findingStatus(set, finding),
    code: codeable(concept),
    valueQuantity: { value, unit: unit.display, system: codes.ucum.one.system, code: unit.code },
  };
}

/** The finding and its measurements as one (`ImagingMeasurementGroup`): made where there is more than the finding itself. */
export function measurementGroup(
  finding: Finding,
  set: ResultInChart,
  links: ObservationLinks,
  members: readonly string[],
): Observation {
  return {
    ...base(set, links),
    text: narrative([label(set), sentenceOf(set, finding)]),
    identifier: [observationIdentifier(finding.trackingUid, set, 'group')],
    status: findingStatus(set, finding),
    code: codeable(codes.dicom.measurementGroup),
    hasMember: members.map((reference) => ({ reference })),
  };
}

/** What a person says is there instead of what AI said: theirs, made from AI's, and so labelled as influenced by it. */
export function correction(
  finding: Finding,
  set: ResultInChart,
  links: ObservationLinks,
  corrected: string,
): Observation | undefined {
  const verdict = verdictOn(set.review, finding);
  if (verdict?.verdict !== 'corrected') return undefined;
  const { method: _, device: __, ...shared } = base(set, links);
  return {
    ...shared,
    text: narrative([sentenceOf(set, finding)]),
    identifier: [
      observationIdentifier(finding.trackingUid, set, 'correction'),
      { use: 'secondary', ...dicomUid(finding.trackingUid) },
    ],
    status: stateOutside(set.state, set).observation,
    code: codeable(verdict.concept),
    issued: verdict.at,
    performer: [reviewerReference(verdict.by)],
    valueCodeableConcept: codeable(codes.snomed.present),
    note: [{ text: correctionSentence(verdict) }],
    component: [sideOf(finding)],
    derivedFrom: [{ reference: corrected }, ...(shared.derivedFrom ?? [])],
  };
}

/** A person's answer as a note on what AI said: who, when, what. */
function answerOf(verdict: GivenVerdict): Annotation {
  return { authorReference: reviewerReference(verdict.by), time: verdict.at, text: wordsOf(verdict) };
}

function wordsOf(verdict: GivenVerdict): string {
  switch (verdict.verdict) {
    case 'accepted':
      return 'Accepted.';
    case 'rejected':
      return `Rejected: ${verdict.reason}`;
    case 'corrected':
      return `Corrected: ${verdict.concept.display}`;
  }
}

/** That a model was asked and would not answer: an Observation without a value, and why. */
export function refusal(set: ResultInChart, links: ObservationLinks): Observation {
  const { reason, detail } = set.refusal ?? { reason: codes.refusals['no-image'], detail: '' };
  return {
    ...base(set, links),
    text: narrative([label(set)]),
    identifier: [observationIdentifier('refusal', set)],
    status: set.state === 'withdrawn' ? 'entered-in-error' : 'cancelled',
    code: codeable(set.model.reports.code, `AI analysis: ${set.model.title}`),
    dataAbsentReason: { ...codeable(codes.hl7.notPerformed), text: `${reason.display}: ${detail}` },
    note: [{ text: detail }],
  };
}

/** An Observation in the chart whose finding the report no longer makes. */
export function vanished(known: Observation, revision: number): Observation {
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

function interpretationOf(finding: Finding): CodeableConcept[] {
  switch (finding.presence) {
    case 'present':
      return [codeable(codes.hl7.positive), ...(isCritical(finding) ? [codeable(codes.hl7.criticalAbnormal)] : [])];
    case 'absent':
      return [codeable(codes.hl7.negative)];
    case 'not-prioritised':
      return [];
  }
}

function components(finding: Finding): ObservationComponent[] {
  return [
    { code: codeable(codes.dicom.presenceOfProperty, 'Presence'), valueCodeableConcept: presence(finding) },
    { code: codeable(codes.dicom.certaintyOfFinding), valueQuantity: probability(finding.certainty.probability) },
    { code: codeable(codes.local.decisionThreshold), valueQuantity: probability(finding.certainty.threshold) },
    sideOf(finding),
  ];
}

/** The side by itself: a body site says it only where there is a site. */
function sideOf({ laterality }: Finding): ObservationComponent {
  return { code: codeable(codes.snomed.laterality, 'Side'), valueCodeableConcept: side(laterality) };
}
