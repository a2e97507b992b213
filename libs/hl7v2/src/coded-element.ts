import type { CodedConcept } from '@sightline/findings';
import { composite, type Encoded } from './delimited.ts';

const published: Readonly<Record<string, string>> = {
  'http://snomed.info/sct': 'SCT',
  'http://loinc.org': 'LN',
  'http://dicom.nema.org/resources/ontology/DCM': 'DCM',
  'http://unitsofmeasure.org': 'UCUM',
  'http://radlex.org': 'RADLEX',
};

const ours = 'https://sightline.dev/fhir/CodeSystem/';

/**
 * What table 0396 calls a code system: of ours `99SL…`, at most 20 characters (CWE.3). Undefined of one that has no name there:
 * its concepts go as text.
 */
export function systemName(system: string): string | undefined {
  if (system.startsWith(ours)) {
    return `99SL${system.slice(ours.length).replaceAll('-', '').toUpperCase()}`.slice(0, 20);
  }
  const table = /^http:\/\/terminology\.hl7\.org\/CodeSystem\/v2-(\d{4})$/.exec(system)?.[1];
  return table === undefined ? published[system] : `HL7${table}`;
}

/** A coded element (CE, CWE): code, what it is called, system. */
export function codedElement({ system, code, display }: CodedConcept, words = display): Encoded {
  const name = systemName(system);
  return name === undefined ? composite(undefined, words) : composite(code, words, name);
}
