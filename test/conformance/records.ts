import type { Patient } from '@medplum/fhirtypes';
import { patientSystem } from './writer-rig.ts';

/** A record of the patient whom the invented answers are about, known by `id` in the EHR and by the same number to the scanner. */
export function person(id: string, more: Partial<Patient> = {}): Patient & { id: string } {
  return {
    resourceType: 'Patient',
    active: true,
    identifier: [{ system: patientSystem, value: id }],
    name: [{ family: 'Quill', given: ['Zephyrine'] }],
    birthDate: '2022-05-06',
    gender: 'female',
    ...more,
    id,
  };
}
