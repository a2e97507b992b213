import { codes, concept, type ModelOfResult } from '@sightline/findings';

/** A model of chest radiographs that nobody made, as results describe it. */
export const exampleModel: ModelOfResult = {
  name: 'chest-xray-paediatric',
  version: '1.0.0',
  title: 'Chest X-ray, paediatric',
  sha256: 'a'.repeat(64),
  intendedUse: 'Reference model, not a medical device.',
  reports: {
    category: [codes.loinc.radiology, codes.hl7.sectionRadiology].map(concept),
    code: concept(codes.loinc.chestXray),
  },
};
