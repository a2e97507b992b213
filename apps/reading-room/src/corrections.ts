import type { ModelManifest } from '@sightline/contracts';
import { codes, concept, type CheckedCode, type CodedConcept, type Finding } from '@sightline/findings';

const { snomed } = codes;

const haemorrhages = [
  snomed.cerebralHaemorrhage,
  snomed.ventricularHaemorrhage,
  snomed.subarachnoidHaemorrhage,
  snomed.subduralHaemorrhage,
  snomed.epiduralHaemorrhage,
];

/**
 * What may be there instead of a finding, by its code: what is taken for it on the same images, or says it more closely. That
 * nothing is there is no correction: it is a rejection.
 */
const instead = new Map<string, readonly CheckedCode[]>([
  [
    snomed.pneumonia.code,
    [
      snomed.bacterialPneumonia,
      snomed.viralPneumonia,
      snomed.lungConsolidation,
      snomed.atelectasis,
      snomed.pleuralEffusion,
      snomed.pulmonaryOedema,
      snomed.pneumothorax,
    ],
  ],
  [snomed.intracranialHaemorrhage.code, haemorrhages],
  [snomed.macularOedema.code, [snomed.diabeticRetinopathy, snomed.proliferativeRetinopathy]],
]);

/** The concepts offered in place of a finding's own: the other outputs of its model first, then what the table above says. */
export function correctionsOf(finding: Pick<Finding, 'concept'>, model: ModelManifest | undefined): CodedConcept[] {
  const outputs = (model?.outputs ?? []).map((output) => output.finding);
  const offered = [...outputs, ...(instead.get(finding.concept.code) ?? []).map(concept)];
  const others = offered.filter((other) => !isSameConcept(other, finding.concept));
  return [...new Map(others.map((other) => [`${other.system}|${other.code}`, other])).values()];
}

export function isSameConcept(a: CodedConcept, b: CodedConcept): boolean {
  return a.system === b.system && a.code === b.code;
}
