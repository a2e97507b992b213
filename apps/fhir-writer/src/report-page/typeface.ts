import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { create, type Font, type Glyph, type GlyphRun } from 'fontkit';
import { Remembered } from './remembered.ts';

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

/** Lays each word out once for all pages: that is a third of what drawing one takes. And reads each glyph once that a page embeds. */
function remembering(font: Font): Font {
  const layout = font.layout.bind(font);
  const runs = new Remembered<GlyphRun>();
  font.layout = (text, ...how) => {
    if (how.some((one) => one !== undefined)) return layout(text, ...how);
    const run = runs.of(text, layout);
    // A copy: pdfkit scales what it is given.
    const positions = run.positions.map((one) => ({ ...one }));
    return Object.assign(Object.create(Object.getPrototypeOf(run)) as GlyphRun, run, { positions });
  };
  const glyphOf = font.getGlyph.bind(font);
  const known = new WeakSet<Glyph>();
  font.getGlyph = (...which) => {
    const glyph: Glyph & { _decode?: () => unknown } = glyphOf(...which);
    const decode = glyph._decode?.bind(glyph);
    if (decode !== undefined && !known.has(glyph)) {
      let outline: unknown;
      glyph._decode = () => (outline ??= decode());
      known.add(glyph);
    }
    return glyph;
  };
  return font;
}
