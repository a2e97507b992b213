import {
  codes,
  concept,
  verdictOn,
  type CodedConcept,
  type Digest,
  type Finding,
  type GivenVerdict,
  type Laterality,
  type Measurement,
  type ResultSet,
  type StateOutside,
} from '@sightline/findings';
import { codedElement } from './coded-element.ts';
import { decimal } from './decimal.ts';
import { text, type Encoded } from './delimited.ts';
import { statusOfReport } from './finding-status.ts';
import type { Observation } from './observation.ts';

/** How a finding is told in this message. */
interface Telling {
  status: StateOutside['obx11'];
  /** What stands beside it. */
  label: string;
  critical: boolean;
  digest: Digest;
}

/** A finding's answer, what it rests on, and what a person put in its place. */
export function observationsOf(finding: Finding, set: ResultSet, telling: Telling): Observation[] {
  const { status, label, critical, digest } = telling;
  const subId = subIdOf(finding, digest);
  const verdict = verdictOn(set.review, finding);
  const answer: Observation = {
    type: 'CWE',
    code: finding.concept,
    value: presence(finding),
    flags: flagsOf(finding, critical),
    subId,
    status,
    verdict,
    byAlgorithm: true,
    notes: [label],
  };
  const details = detailsOf(finding).map(({ part, ...detail }) => ({
    ...detail,
    subId: `${subId}.${part}`,
    status,
    byAlgorithm: true,
  }));
  return [answer, ...details, ...(verdict === undefined ? [] : humanAnswer(verdict, subId, statusOfReport(set)))];
}

/**
 * Results are told apart by question and sub-id, so the sub-id stays with the finding, and with each of its parts, through
 * every edition, wherever they stand in the list.
 */
function subIdOf({ trackingUid }: Finding, digest: Digest): string {
  return digest(trackingUid).slice(0, 10);
}

/** What a person says is there in place of the finding. */
function humanAnswer(verdict: GivenVerdict, subId: string, status: StateOutside['obx11']): Observation[] {
  if (verdict.verdict !== 'corrected') return [];
  return [
    {
      type: 'CWE',
      code: verdict.concept,
      subId: `${subId}.human`,
      value: codedElement(concept(codes.snomed.present)),
      flags: [codes.hl7.positive.code],
      status,
      verdict,
      byAlgorithm: false,
      notes: [`Said by a ${verdict.by.role} in place of an AI finding.`],
    },
  ];
}

type Detail = Pick<Observation, 'type' | 'code' | 'value' | 'unit'> & { part: string };

function detailsOf(finding: Finding): Detail[] {
  const { certainty, laterality, site, measurements, trackingIdentifier, trackingUid, sentence } = finding;
  const { certaintyOfFinding, trackingIdentifier: identifier, trackingUniqueIdentifier } = codes.dicom;
  return [
    probability('certainty', concept(certaintyOfFinding), certainty.probability),
    probability('threshold', concept(codes.local.decisionThreshold), certainty.threshold),
    coded('side', concept(codes.snomed.laterality), side(laterality)),
    ...(site === undefined ? [] : [coded('site', concept(codes.snomed.findingSite), site)]),
    ...measurements.map((one, index) => measured(`m${index + 1}`, one)),
    { part: 'tracking', type: 'ST', code: concept(identifier), value: text(trackingIdentifier) },
    { part: 'uid', type: 'ST', code: concept(trackingUniqueIdentifier), value: text(trackingUid) },
    { part: 'text', type: 'TX', code: finding.concept, value: text(sentence) },
  ];
}

function coded(part: string, code: CodedConcept, value: CodedConcept): Detail {
  return { part, type: 'CWE', code, value: codedElement(value) };
}

/** Six decimals: more is noise of the arithmetic. */
function probability(part: string, code: CodedConcept, value: number): Detail {
  return measured(part, { concept: code, value: Number(value.toFixed(6)), unit: codes.ucum.one });
}

function measured(part: string, { concept: code, value, unit }: Measurement): Detail {
  const ucum = { system: codes.ucum.one.system, code: unit.code, display: unit.display };
  return { part, type: 'NM', code, value: text(decimal(value)), unit: ucum };
}

function presence({ presence: answer }: Finding): Encoded {
  switch (answer) {
    case 'present':
      return codedElement(concept(codes.snomed.present));
    case 'absent':
      return codedElement(concept(codes.snomed.absent));
    case 'not-prioritised':
      return codedElement(concept(codes.local.notPrioritised));
  }
}

/** OBX-8, table 0078. "Not prioritised" says nothing of what is there, so it has none. */
function flagsOf({ presence: answer }: Finding, critical: boolean): string[] {
  switch (answer) {
    case 'present':
      return [codes.hl7.positive.code, ...(critical ? [codes.hl7.criticalAbnormal.code] : [])];
    case 'absent':
      return [codes.hl7.negative.code];
    case 'not-prioritised':
      return [];
  }
}

function side(laterality: Laterality): CodedConcept {
  switch (laterality) {
    case 'left':
      return concept(codes.snomed.left);
    case 'right':
      return concept(codes.snomed.right);
    case 'bilateral':
      return concept(codes.snomed.rightAndLeft);
    case 'unknown':
      return concept(codes.snomed.unknown);
  }
}
