import { absentInDicom, codes, concept, type CodedConcept, type Finding } from '@sightline/findings';

/** A model's answer in the codes of DICOM: "absent" is not the code that FHIR has for it (CID 240). */
export const presenceCodes: Readonly<Record<Finding['presence'], CodedConcept>> = {
  present: concept(codes.snomed.present),
  absent: concept(absentInDicom),
  'not-prioritised': concept(codes.local.notPrioritised),
};

export function presenceOf({ system, code }: CodedConcept): Finding['presence'] | undefined {
  const known = Object.entries(presenceCodes) as [Finding['presence'], CodedConcept][];
  return known.find(([, answer]) => answer.system === system && answer.code === code)?.[0];
}
