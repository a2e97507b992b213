import { type CheckedCode } from './coded-concept.ts';

/** LOINC; display is the long common name, or the name of a LOINC part. */
export const loinc = {
  chestXray: ln('30745-4', 'XR Chest Views', 'NLM VSAC value sets; MIDRC harmonisation table'),
  headCt: ln('24725-4', 'CT Head', 'NLM VSAC value sets; MIDRC harmonisation table'),
  opticalCoherenceTomography: ln(
    '57119-0',
    'Optical coherence tomography panel',
    'HL7 FHIR eyecare guide, DiagnosticReport of an OCT of the macula (without display); Synthea code list',
  ),
  diagnosticImagingStudy: ln('18748-4', 'Diagnostic imaging study', 'FHIR R4 4.0.1 value sets; HL7 Europe imaging'),
  radiology: ln('LP29684-5', 'Radiology', 'US Core diagnostic report category; NLM VSAC value sets'),
} satisfies Record<string, CheckedCode>;

function ln(code: string, display: string, checked: string): CheckedCode {
  return { system: 'http://loinc.org', code, display, status: 'confirmed', checked };
}
