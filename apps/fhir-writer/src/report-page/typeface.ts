import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { create, type Font } from 'fontkit';

export type Face = 'regular' | 'bold';

/** DejaVu Sans: Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew and Arabic; of East Asian writing nothing. */
const files: Readonly<Record<Face, string>> = { regular: 'DejaVuSans.ttf', bold: 'DejaVuSans-Bold.ttf' };

/** From wherever this runs: the bundler leaves the address of this very module as it is (rspack.config.mjs). */
const { resolve } = createRequire(import.meta.url);

/** Opened once: what it takes to read their tables is much of what a page costs. Embedded are the glyphs that a page uses. */
export const fonts: Readonly<Record<Face, Font>> = { regular: open('regular'), bold: open('bold') };

export function hasGlyph(face: Face, character: string): boolean {
  return fonts[face].hasGlyphForCodePoint(character.codePointAt(0) ?? 0);
}

function open(face: Face): Font {
  const font = create(readFileSync(resolve(`dejavu-fonts-ttf/ttf/${files[face]}`)));
  if (!('hasGlyphForCodePoint' in font)) throw new Error(`no single font in ${files[face]}`);
  return font;
}
