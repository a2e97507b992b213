import { codes, concept, type CheckedCode, type CodedConcept } from '@sightline/findings';
import { type CodeableConcept, type Coding, type Meta, type Quantity } from '@medplum/fhirtypes';

export function coding({ system, code, display }: CodedConcept): Coding {
  return { system, code, display };
}

export function codeable(entry: CodedConcept, text = entry.display): CodeableConcept {
  return { coding: [coding(entry)], text };
}

/** A probability, 0–1, as a quantity without unit. Six decimals: more is noise of the arithmetic. */
export function probability(value: number): Quantity {
  const { system, code } = codes.ucum.one;
  return { value: Number(value.toFixed(6)), unit: '1', system, code };
}

/** The label that what AI said keeps for life (AI Transparency on FHIR): a signature does not remove it. */
export function aiAsserted(): Meta {
  return { security: [coding(concept(codes.hl7.aiAsserted))] };
}

/** Modality as ImagingStudy wants it; a modality outside the table keeps its code and goes without display. */
export function modalityCoding(modality: string): Coding {
  const known = Object.values<CheckedCode>(codes.dicom).find(({ code }) => code === modality);
  return known === undefined ? { system: codes.dicom.modalityDx.system, code: modality } : coding(concept(known));
}
