import { Remembered } from './remembered.ts';
import { hasGlyph, type Face } from './typeface.ts';

/** Stands for a character that the typeface lacks; it has this one. */
export const replacement = '\uFFFD';

/** Of one text, in characters; the chart holds all of it. */
const longest = 4_000;

/** Letters as they stand inside a word, and ligatures: the typeface finds those by itself. */
const presentationForms = /[\uFB00-\uFDFF\uFE70-\uFEFC]/gu;

/**
 * A text as it can be printed. Control characters and line ends become spaces; what the typeface lacks, and marks that turn the
 * direction of what follows, become a replacement that is seen: nothing vanishes.
 */
export function printable(text: string, face: Face): string {
  const all = Array.from(
    text
      .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Zs}]+/gu, ' ')
      .trim()
      .normalize('NFC')
      .replaceAll(presentationForms, (form) => form.normalize('NFKC')),
  );
  const kept = all.length > longest ? [...all.slice(0, longest), ' … (cut)'] : all;
  return kept.map((one) => (isPrintable(one, face) ? one : replacement)).join('');
}

const characters: Readonly<Record<Face, Remembered<boolean>>> = { regular: new Remembered(), bold: new Remembered() };

function isPrintable(character: string, face: Face): boolean {
  return characters[face].of(character, () => !/\p{Bidi_Control}/u.test(character) && hasGlyph(face, character));
}
