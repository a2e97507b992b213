import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { create, type Font, type GlyphRun } from 'fontkit';

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
  return remembering(font);
}

/** Words at most, and characters of one: a text of somebody's without spaces is not worth its room. */
const mostWords = 4_096;
const longestWord = 40;

/** Lays each word out once for all pages, which say much the same: that is a third of what drawing one takes. */
function remembering(font: Font): Font {
  const layout = font.layout.bind(font);
  const known = new Map<string, GlyphRun>();
  font.layout = (text, ...how) => {
    if (text.length > longestWord || how.some((one) => one !== undefined)) return layout(text, ...how);
    const run = known.get(text) ?? layout(text);
    if (!known.has(text) && known.size >= mostWords) known.clear();
    known.set(text, run);
    // A copy: pdfkit scales what it is given.
    const positions = run.positions.map((one) => ({ ...one }));
    return Object.assign(Object.create(Object.getPrototypeOf(run)) as GlyphRun, run, { positions });
  };
  return font;
}
