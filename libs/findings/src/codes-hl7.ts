import { type CheckedCode } from './coded-concept.ts';

const r4 = 'hl7.terminology 5.1.0; FHIR R4 4.0.1 definitions';

/** Code systems of HL7, and the units of UCUM. */
export const hl7 = {
  aiAsserted: {
    ...terminology('v3-ObservationValue', 'AIAST', 'Artificial Intelligence asserted'),
    checked: 'HL7 Terminology 7.3.0 (v3-ObservationValue 6.0.0); AI Transparency on FHIR, 2026Jan ballot',
    note: 'Unknown to the packages of FHIR R4: a validator needs HL7 Terminology 7.x.',
  },
  categoryImaging: terminology('observation-category', 'imaging', 'Imaging'),
  sectionRadiology: terminology('v2-0074', 'RAD', 'Radiology'),
  sectionOther: terminology('v2-0074', 'OTH', 'Other'),
  accession: terminology('v2-0203', 'ACSN', 'Accession ID'),
  medicalRecordNumber: terminology('v2-0203', 'MR', 'Medical record number'),
  positive: terminology('v3-ObservationInterpretation', 'POS', 'Positive'),
  negative: terminology('v3-ObservationInterpretation', 'NEG', 'Negative'),
  criticalAbnormal: terminology('v3-ObservationInterpretation', 'AA', 'Critical abnormal'),
  notPerformed: terminology('data-absent-reason', 'not-performed', 'Not Performed'),
  verifier: terminology('provenance-participant-type', 'verifier', 'Verifier'),
  author: terminology('provenance-participant-type', 'author', 'Author'),
  create: terminology('v3-DataOperation', 'CREATE', 'create'),
} satisfies Record<string, CheckedCode>;

export const ucum = {
  one: {
    system: 'http://unitsofmeasure.org',
    code: '1',
    display: 'no units',
    status: 'confirmed',
    checked: 'UCUM; DICOM CID 7181',
  },
} satisfies Record<string, CheckedCode>;

function terminology(name: string, code: string, display: string): CheckedCode {
  return { system: `http://terminology.hl7.org/CodeSystem/${name}`, code, display, status: 'confirmed', checked: r4 };
}
