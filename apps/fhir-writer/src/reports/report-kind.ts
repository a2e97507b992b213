import type { ModelManifest, Worker } from '@sightline/contracts';
import { codes, concept, type CheckedCode, type CodedConcept } from '@sightline/findings';

/** DiagnosticReport.category of a worker's reports: the department that answers for them. */
const categories: Readonly<Record<Worker, readonly CheckedCode[]>> = {
  xray: [codes.loinc.radiology, codes.hl7.sectionRadiology],
  ct: [codes.loinc.radiology, codes.hl7.sectionRadiology],
  ophthalmic: [codes.snomed.ophthalmology],
};

/** Document codes by what was imaged and how; a model is of a kind where all it reads is. */
const kinds: readonly { code: CheckedCode; modalities: readonly string[]; bodyParts: readonly string[] }[] = [
  { code: codes.loinc.chestXray, modalities: ['CR', 'DX'], bodyParts: ['CHEST'] },
  { code: codes.loinc.headCt, modalities: ['CT'], bodyParts: ['HEAD', 'BRAIN', 'SKULL'] },
  { code: codes.loinc.opticalCoherenceTomography, modalities: ['OPT'], bodyParts: ['EYE', 'RETINA'] },
];

/** As what the reports of a model are filed: category and code of DiagnosticReport. */
export function reportKind({ worker, applicability }: ModelManifest): {
  category: readonly CodedConcept[];
  code: CodedConcept;
} {
  const { modality, bodyPart } = applicability;
  const kind = kinds.find(
    ({ modalities, bodyParts }) =>
      modality.every((one) => modalities.includes(one)) && bodyPart.every((one) => bodyParts.includes(one)),
  );
  return {
    category: categories[worker].map(concept),
    code: concept(kind?.code ?? codes.loinc.diagnosticImagingStudy),
  };
}
