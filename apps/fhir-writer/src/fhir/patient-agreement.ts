import { genderOf, humanName } from '@sightline/fhir';
import type { PatientOfImages } from '@sightline/findings';
import type { Patient } from '@medplum/fhirtypes';
import type { QuarantineReason } from '../deliveries/destination.ts';
import { compareNames } from './compare-names.ts';

export type Disagreement = Extract<
  QuarantineReason,
  'birth-date-disagrees' | 'sex-disagrees' | 'name-disagrees' | 'demographics-missing'
>;

/** Nobody living was born before; an earlier date, as 1900-01-01, stands for one that nobody knows. */
const earliestBirth = '1905';

/**
 * Whether a record with the right identifier is the person of the images. Birth date, sex and name must be there on both sides and
 * agree: an id typed wrongly often is somebody else's. `missingAgrees` (the sandbox, whose records are made of the images) lets two
 * blanks agree.
 */
export function disagreement(
  record: Patient,
  images: PatientOfImages,
  missingAgrees: boolean,
): Disagreement | undefined {
  const gender = genderOf(images.sex);
  const { birthDate } = images;
  const known = [record.birthDate, birthDate].every(isBirthDate) && [record.gender, gender].every(isSex);
  if (!missingAgrees && !known) return 'demographics-missing';
  if (record.birthDate !== birthDate) return 'birth-date-disagrees';
  if (record.gender !== gender) return 'sex-disagrees';
  switch (compareNames(record.name ?? [], humanName(images.name), isOneOfSeveral(record))) {
    case 'agree':
      return undefined;
    case 'disagree':
      return 'name-disagrees';
    case 'unknown':
      return missingAgrees ? undefined : 'demographics-missing';
  }
}

function isBirthDate(date: string | undefined): boolean {
  return date !== undefined && date >= earliestBirth;
}

function isSex(gender: Patient['gender']): boolean {
  return gender !== undefined && gender !== 'unknown';
}

/** Has brothers or sisters of the same birth date, and perhaps of the same first name. */
function isOneOfSeveral({ multipleBirthBoolean, multipleBirthInteger }: Patient): boolean {
  return multipleBirthBoolean === true || multipleBirthInteger !== undefined;
}
