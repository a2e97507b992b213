import type { HumanName } from '@medplum/fhirtypes';

/** `unknown`: one side says nothing, or no more than an initial or a placeholder. */
export type NameComparison = 'agree' | 'disagree' | 'unknown';

interface Words {
  family: string[];
  given: string[];
}

/** What is written where nobody knows the name, or nobody bears one yet: two people can have the same of these. */
const placeholders = new Set(
  [
    'anon anonymised anonymized anonymous baby babyboy babygirl boy dummy emergency female girl inconnu inconnue infant',
    'desconocida desconocido male na neonate newborn nn nobody noname none patient phantom test tester testpatient trauma',
    'twin unbekannt unidentified unknown unnamed xx xxx',
  ].flatMap((line) => line.split(' ')),
);

/** Letters that lose nothing but a mark in NFD, though they are written without it all the same. */
const letters: Readonly<Record<string, string>> = { ß: 'ss', æ: 'a', œ: 'o', ø: 'o', ł: 'l', đ: 'd', ı: 'i' };

/**
 * Compares the name of the images with those a record bears or has borne. Of twins and of people of one house the family name is
 * the same, and a second given name may be: the first given name must be the same word, and what both say beyond it may not differ.
 * `whole`: everything that either says of the given names (a twin may bear the same first one).
 */
export function compareNames(
  recorded: readonly HumanName[],
  wanted: HumanName | undefined,
  whole: boolean,
): NameComparison {
  const images = wordsOf(wanted ?? {}, []);
  const records = recorded
    .filter(({ use }) => use !== 'anonymous' && use !== 'temp')
    .map((name) => wordsOf(name, images.family));
  const family = best(records.map((one) => compareFamily(one.family, images.family)));
  const given = best(records.map((one) => compareGiven(one.given, images.given, whole)));
  if (family === 'disagree' || given === 'disagree') return 'disagree';
  return family === 'agree' && given === 'agree' ? 'agree' : 'unknown';
}

function best(comparisons: readonly NameComparison[]): NameComparison {
  if (comparisons.includes('agree')) return 'agree';
  return comparisons.includes('disagree') ? 'disagree' : 'unknown';
}

function compareFamily(left: readonly string[], right: readonly string[]): NameComparison {
  if (!tells(left) || !tells(right)) return 'unknown';
  if (left.join('') === right.join('')) return 'agree';
  return isWithin(left, right, same) ? 'agree' : 'disagree';
}

function compareGiven(left: readonly string[], right: readonly string[], whole: boolean): NameComparison {
  const [first] = left;
  const [other] = right;
  if (first === undefined || other === undefined) return 'unknown';
  if (isInitial(first) || isInitial(other)) return sameOrInitial(first, other) ? 'unknown' : 'disagree';
  if (!tells(left) || !tells(right)) return 'unknown';
  if (left.join('') === right.join('')) return 'agree';
  return !whole && first === other && isWithin(left, right, sameOrInitial) ? 'agree' : 'disagree';
}

/** Every word of the shorter is in the longer: one that is only in both, as "de la", is no evidence. */
function isWithin(
  left: readonly string[],
  right: readonly string[],
  match: (a: string, b: string) => boolean,
): boolean {
  const [shorter, longer] = left.length <= right.length ? [left, right] : [right, left];
  return shorter.every((one) => longer.some((other) => match(one, other)));
}

function tells(words: readonly string[]): boolean {
  return words.some((word) => !placeholders.has(word) && !isInitial(word));
}

const same = (a: string, b: string): boolean => a === b;

const sameOrInitial = (a: string, b: string): boolean =>
  a === b || (isInitial(a) && b.startsWith(a)) || (isInitial(b) && a.startsWith(b));

/** One letter of an alphabet; in Han and the like it may be the whole name. */
const isInitial = (word: string): boolean => /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]$/u.test(word);

/** Where a record has its name as one text, what is not the family name is taken as given names, in their order. */
function wordsOf({ family, given, text }: HumanName, familyOfImages: readonly string[]): Words {
  if (family !== undefined || given !== undefined) {
    return { family: words(family ?? '', /[^\p{L}\p{N}]+/u), given: words(given?.join(' ') ?? '', /[^\p{L}\p{N}-]+/u) };
  }
  const all = words(text ?? '', /[^\p{L}\p{N}]+/u);
  return {
    family: familyOfImages.length > 0 && isWithin(familyOfImages, all, same) ? [...familyOfImages] : all,
    given: all.filter((word) => !familyOfImages.includes(word)),
  };
}

/** In small letters without marks, apostrophes and the "e" that stands for an umlaut; Anna-Lena is one word. */
function words(text: string, between: RegExp): string[] {
  return text
    .toLowerCase()
    .normalize('NFD')
    .replaceAll(/[\p{M}'’`]/gu, '')
    .replaceAll(/[ßæœøłđı]/g, (letter) => letters[letter] ?? letter)
    .split(between)
    .map((word) => word.replaceAll('-', '').replaceAll(/([aou])e/g, '$1'))
    .filter((word) => word !== '');
}
