import { buffer } from 'node:stream/consumers';
import PDFDocument from 'pdfkit';
import { breakLines, cutToLine } from './break-lines.ts';
import { runsRightToLeft, stretchesOf } from './directions.ts';
import { printable, replacement } from './printable.ts';
import { Remembered } from './remembered.ts';
import { fonts, type Face } from './typeface.ts';

/** Points of 1/72 inch, from the upper left corner; A4 is 595 × 842. */
export const paper = { width: 595.28, height: 841.89, left: 48, right: 547.28, top: 72, bottom: 770 } as const;

export const ink = { text: '#111111', quiet: '#555555', line: '#bbbbbb', strong: '#b00020' } as const;

export interface Style {
  face?: Face;
  size: number;
  colour?: string;
}

/** Where a text stands: its left end, and how wide its lines may be. */
export interface Column {
  x: number;
  width: number;
}

export const fullWidth: Column = { x: paper.left, width: paper.right - paper.left };

/** Leading: the distance of two lines, in sizes of the typeface. */
const leading = 1.35;

/** Sheets of A4 that are filled from above; whatever does not fit goes to the next. Nothing of it hangs on the present moment. */
export class Sheets {
  readonly document: PDFKit.PDFDocument;
  /** Where the next thing begins. */
  y: number = paper.top;
  /** Whether a character was replaced, which the page then explains. */
  hasReplaced = false;

  constructor(title: string, createdAt: string) {
    this.document = new PDFDocument({
      size: [paper.width, paper.height],
      margin: 0,
      bufferPages: true,
      compress: true,
      font: '',
      lang: 'en',
      displayTitle: true,
      info: { Title: title, Creator: 'Sightline', Producer: 'Sightline', CreationDate: new Date(createdAt) },
    });
    // It takes an open font as well as a file, which its types do not say.
    for (const face of ['regular', 'bold'] as const) this.document.registerFont(face, fonts[face] as unknown as Buffer);
  }

  /** Goes to the next sheet where less than `height` is left of this one. */
  keepTogether(height: number): void {
    if (this.y + height <= paper.bottom) return;
    this.document.addPage();
    this.y = paper.top;
  }

  /** A paragraph at the place reached; the place moves below it. */
  write(text: string, style: Style, column = fullWidth): void {
    for (const line of this.linesOf(text, style, column.width)) {
      this.keepTogether(style.size * leading);
      this.line(line, style, column.x, this.y);
      this.y += style.size * leading;
    }
  }

  heightOf(text: string, style: Style, width: number): number {
    return this.linesOf(text, style, width).length * style.size * leading;
  }

  widthOf(text: string, style: Style): number {
    return this.measure(style)(text);
  }

  /** A text on one line at a place of its own, cut where it is too long. */
  writeAt(text: string, style: Style, { x, width }: Column, y: number): void {
    this.line(cutToLine(this.prepared(text, style), width, this.measure(style)), style, x, y);
  }

  async bytes(): Promise<Buffer> {
    const all = buffer(this.document);
    this.document.end();
    return all;
  }

  private linesOf(text: string, style: Style, width: number): string[] {
    return breakLines(this.prepared(text, style), width, this.measure(style));
  }

  private prepared(text: string, { face = 'regular' }: Style): string {
    const prepared = printable(text, face);
    this.hasReplaced ||= prepared.includes(replacement);
    return prepared;
  }

  private line(text: string, style: Style, x: number, y: number): void {
    const widthOf = this.measure(style);
    let at = x;
    for (const stretch of stretchesOf(text)) {
      this.inStyle(style)
        .fillColor(style.colour ?? ink.text)
        .text(stretch, at, y, { lineBreak: false, ...layoutOf(stretch) });
      at += widthOf(stretch);
    }
  }

  private measure(style: Style): (text: string) => number {
    const widths = widthsIn(style);
    const measured = (text: string): number => this.inStyle(style).widthOfString(text, layoutOf(text));
    return (text) => stretchesOf(text).reduce((sum, one) => sum + widths.of(one, measured), 0);
  }

  private inStyle({ face = 'regular', size }: Style): PDFKit.PDFDocument {
    return this.document.font(face).fontSize(size);
  }
}

const widths = new Map<string, Remembered<number>>();

function widthsIn({ face = 'regular', size }: Style): Remembered<number> {
  const name = `${face} ${size}`;
  const known = widths.get(name) ?? new Remembered<number>();
  widths.set(name, known);
  return known;
}

/** Told of features, even none, pdfkit lays a text out as one; else word by word, and each word of a document once. */
function layoutOf(stretch: string): { features?: [] } {
  return runsRightToLeft(stretch) ? { features: [] } : {};
}
