import { codes, type PatientOfImages } from '@sightline/findings';
import { type HumanName, type Identifier, type Patient } from '@medplum/fhirtypes';
import { codeable } from './coding.ts';

const genders = { M: 'male', F: 'female', O: 'other' } as const;

export function genderOf(sex: 'M' | 'F' | 'O' | undefined): Patient['gender'] {
  return sex === undefined ? undefined : genders[sex];
}

/** The record the sandbox makes of what the images say; a hospital's records are never created. */
export function patientFromImages(identifier: Identifier, patient: PatientOfImages): Patient {
  const gender = genderOf(patient.sex);
  const name = humanName(patient.name);
  return {
    resourceType: 'Patient',
    active: true,
    identifier: [{ ...identifier, type: codeable(codes.hl7.medicalRecordNumber) }],
    ...(name === undefined ? {} : { name: [name] }),
    ...(gender === undefined ? {} : { gender }),
    ...(patient.birthDate === undefined ? {} : { birthDate: patient.birthDate }),
  };
}

/** A DICOM person name (PS3.5 6.2.1: family ^ given ^ middle ^ prefix ^ suffix, alphabetic group) as FHIR has it. */
export function humanName(personName: string | undefined): HumanName | undefined {
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = (personName?.split('=')[0] ?? '')
    .split('^')
    .map((part) => part.trim());
  const name = {
    ...(family === '' ? {} : { family }),
    ...(given + middle === ''
      ? {}
      : { given: [...given.split(/\s+/), ...middle.split(/\s+/)].filter((part) => part !== '') }),
    ...(prefix === '' ? {} : { prefix: [prefix] }),
    ...(suffix === '' ? {} : { suffix: [suffix] }),
  };
  return Object.keys(name).length === 0 ? undefined : name;
}
