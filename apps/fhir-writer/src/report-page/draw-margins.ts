import { label } from '@sightline/fhir';
import type { ReportState, ResultSet } from '@sightline/findings';
import { fullWidth, ink, paper, type Sheets } from './sheet.ts';
import { patientRows } from './words.ts';

/** Fill and edge of the band that says how far the report can be relied on; it reads in grey as well. */
export const bandColours: Readonly<Record<ReportState, { fill: string; edge: string }>> = {
  unreviewed: { fill: '#fff0c2', edge: '#b36b00' },
  signed: { fill: '#e3f1e6', edge: '#2e7d32' },
  corrected: { fill: '#e3f1e6', edge: '#2e7d32' },
  rejected: { fill: '#fbe3e4', edge: ink.strong },
  withdrawn: { fill: '#fbe3e4', edge: ink.strong },
  refused: { fill: '#ececec', edge: '#555555' },
};

/**
 * What stands on every sheet, so that one that is found alone still says what it is and whose: the state above from the second
 * on, below it that AI said it, whose images they are, and which sheet of how many.
 */
export function drawMargins(sheets: Sheets, set: ResultSet): void {
  const { count } = sheets.document.bufferedPageRange();
  for (let page = 0; page < count; page++) {
    sheets.document.switchToPage(page);
    if (page > 0) drawBand(sheets, set);
    if (set.state === 'withdrawn') drawAcross(sheets, 'WITHDRAWN');
    drawFooter(sheets, set, `Page ${page + 1} of ${count}`);
  }
}

/** In full on two lines at most: only what a model's own refusal says may be longer. */
function drawBand(sheets: Sheets, set: ResultSet): void {
  const { fill, edge } = bandColours[set.state];
  const style = { size: 9, face: 'bold' } as const;
  const column = { x: paper.left + 8, width: fullWidth.width - 16 };
  const [top, height] = [26, 36];
  sheets.document.rect(paper.left, top, fullWidth.width, height).lineWidth(1).fillAndStroke(fill, edge);
  sheets.y = top + 6;
  if (sheets.heightOf(label(set), style, column.width) < height - 6) sheets.write(label(set), style, column);
  else sheets.writeAt(label(set), style, column, sheets.y);
}

function drawFooter(sheets: Sheets, set: ResultSet, page: string): void {
  const { document } = sheets;
  const style = { size: 8, colour: ink.quiet } as const;
  const patient = patientRows(set.study.patient)
    .slice(0, 3)
    .map(([name, value]) => `${name}: ${value}`);
  document.moveTo(paper.left, 782).lineTo(paper.right, 782).lineWidth(0.5).strokeColor(ink.line).stroke();
  sheets.writeAt(`AI-asserted. ${label(set)}`, { ...style, face: 'bold' }, { ...fullWidth, width: 440 }, 788);
  sheets.writeAt(page, style, { x: paper.right - sheets.widthOf(page, style), width: 70 }, 788);
  sheets.writeAt(`As on the images: ${patient.join(' · ')}`, style, fullWidth, 800);
}

/** Over what is written, and thin enough to read it through. */
function drawAcross({ document }: Sheets, word: string): void {
  const centre = { x: paper.width / 2, y: paper.height / 2 };
  document.save();
  document.rotate(-55, { origin: [centre.x, centre.y] });
  document.font('bold').fontSize(92).fillColor(ink.strong, 0.28);
  const width = document.widthOfString(word);
  document.text(word, centre.x - width / 2, centre.y - 46, { lineBreak: false });
  document.restore();
}
