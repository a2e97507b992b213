import { dicomTerms } from './codes-dicom.ts';
import { hl7, ucum } from './codes-hl7.ts';
import { local } from './codes-local.ts';
import { loinc } from './codes-loinc.ts';
import { refusals } from './codes-refusal.ts';
import { snomed } from './codes-snomed.ts';
import { type CheckedCode, type CodedConcept } from './coded-concept.ts';

/**
 * THE code table: every code the mesh emits, with where it was checked. A code that is not here is not emitted; tests walk
 * bundles, messages and manifests against it.
 */
export const codes = { snomed, loinc, dicom: dicomTerms, hl7, ucum, local, refusals } as const;

const bySystemAndCode = new Map<string, CheckedCode>(
  Object.values(codes)
    .flatMap((group): CheckedCode[] => Object.values(group))
    .map((entry) => [`${entry.system}|${entry.code}`, entry]),
);

/** The table's entry for a code, or undefined where nobody has checked it. */
export function checkedCode(system: string, code: string): CheckedCode | undefined {
  return bySystemAndCode.get(`${system}|${code}`);
}

/** Every entry, for walking. */
export function everyCheckedCode(): CheckedCode[] {
  return [...bySystemAndCode.values()];
}

/** A table entry in the three fields that travel. */
export function concept({ system, code, display }: CheckedCode): CodedConcept {
  return { system, code, display };
}
