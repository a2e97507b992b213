import { genderOf, humanName } from '@sightline/fhir';
import type { PatientOfImages } from '@sightline/findings';
import type { HumanName, Patient } from '@medplum/fhirtypes';
import type { QuarantineReason } from '../deliveries/destination.ts';

export type Disagreement = Extract<
  QuarantineReason,
  'birth-date-disagrees' | 'sex-disagrees' | 'name-disagrees' | 'demographics-missing'
>;

/**
 * Whether a record with the right identifier is the person of the images. Birth date and sex must be the same; both must be
 * there, unless `missingAgrees` (the sandbox, whose records are made of the images) lets two blanks agree. Names must be
 * compatible: an id typed wrongly often is somebody else's.
 */
export function disagreement(
  record: Patient,
  images: PatientOfImages,
  missingAgrees: boolean,
): Disagreement | undefined {
  const gender = genderOf(images.sex);
  if (!missingAgrees && (images.birthDate === undefined || gender === undefined)) return 'demographics-missing';
  if (record.birthDate !== images.birthDate) return 'birth-date-disagrees';
  if (record.gender !== gender) return 'sex-disagrees';
  return isCompatible(record.name ?? [], humanName(images.name)) ? undefined : 'name-disagrees';
}

/** A name says nothing where either side has none; else family and given must each share a word with some name of the record. */
function isCompatible(recorded: readonly HumanName[], wanted: HumanName | undefined): boolean {
  if (wanted === undefined || recorded.length === 0) return true;
  return recorded.some(
    (name) =>
      shares(familyWords(name), familyWords(wanted), same) &&
      shares(givenWords(name), givenWords(wanted), sameOrInitial),
  );
}

function shares(left: readonly string[], right: readonly string[], match: (a: string, b: string) => boolean): boolean {
  return left.length === 0 || right.length === 0 || left.some((one) => right.some((other) => match(one, other)));
}

function familyWords({ family, text, given }: HumanName): string[] {
  return words(family ?? (given === undefined ? (text ?? '') : ''));
}

function givenWords({ given, text, family }: HumanName): string[] {
  return words(given?.join(' ') ?? (family === undefined ? (text ?? '') : ''));
}

function words(text: string): string[] {
  return text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

const same = (a: string, b: string): boolean => a === b;

const sameOrInitial = (a: string, b: string): boolean =>
  a === b || (a.length === 1 && b.startsWith(a)) || (b.length === 1 && a.startsWith(b));
