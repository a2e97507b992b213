import { label, sentenceOf } from '@sightline/fhir';
import { verdictOn, type Finding, type ResultSet } from '@sightline/findings';
import { bandColours, drawMargins } from './draw-margins.ts';
import { drawPictures } from './draw-pictures.ts';
import { drawHeading, drawTable, drawTwoTables } from './draw-table.ts';
import type { Picture } from './picture.ts';
import { replacement } from './printable.ts';
import { fullWidth, ink, paper, Sheets } from './sheet.ts';
import { deviceSentence, figuresOf, modelRows, patientRows, sayVerdict, studyRows } from './words.ts';

/** Of the PDF: charts hold it inside the report, a third larger still. */
const mostBytes = 1024 * 1024;

const small = { size: 9 } as const;

/**
 * A report as pages of A4, which any reader of PDF shows: the state first, then whose images, what was found, the pictures and the
 * model. The same set and pictures give the same bytes. Pictures are left out from the last until it is small enough.
 */
export async function drawReportPage(set: ResultSet, pictures: readonly Picture[]): Promise<Buffer> {
  const page = await drawn(set, pictures);
  const last = pictures.findLastIndex(({ content }) => content.kind === 'jpeg');
  const picture = pictures[last];
  if (page.byteLength <= mostBytes || picture === undefined) return page;
  return drawReportPage(set, pictures.with(last, { ...picture, content: { kind: 'left-out', reason: 'no-room' } }));
}

async function drawn(set: ResultSet, pictures: readonly Picture[]): Promise<Buffer> {
  const title = `AI analysis: ${set.model.title}`;
  const sheets = new Sheets(title, set.review.signature?.at ?? set.completedAt);
  drawState(sheets, set);
  sheets.write(title, { size: 17, face: 'bold' });
  drawTwoTables(
    sheets,
    { title: 'Patient, as on the images', rows: patientRows(set.study.patient) },
    { title: 'Study', rows: studyRows(set.study) },
  );
  drawFindings(sheets, set);
  if (pictures.length > 0) {
    drawHeading(sheets, 'Images', fullWidth, 160);
    drawPictures(sheets, pictures, set.findings);
  }
  drawModel(sheets, set);
  drawMargins(sheets, set);
  return sheets.bytes();
}

/** The state stands before everything else that is said. */
function drawState(sheets: Sheets, set: ResultSet): void {
  const style = { size: 15, face: 'bold' } as const;
  const column = { x: paper.left + 12, width: fullWidth.width - 24 };
  const { fill, edge } = bandColours[set.state];
  const top = 40;
  const height = sheets.heightOf(label(set), style, column.width) + 18;
  sheets.document.rect(paper.left, top, fullWidth.width, height).lineWidth(1.5).fillAndStroke(fill, edge);
  sheets.y = top + 10;
  sheets.write(label(set), style, column);
  sheets.y = top + height + 14;
}

function drawFindings(sheets: Sheets, set: ResultSet): void {
  drawHeading(sheets, 'Findings');
  if (set.refusal !== undefined) {
    sheets.write(`${set.refusal.reason.display}. ${set.refusal.detail}`, { size: 11, face: 'bold' });
    sheets.write('The model gave no answer. This is not a negative result.', { size: 11 });
  }
  for (const finding of set.findings) drawFinding(sheets, set, finding);
}

function drawFinding(sheets: Sheets, set: ResultSet, finding: Finding): void {
  const verdict = verdictOn(set.review, finding);
  const sentence = sentenceOf(set, finding);
  sheets.keepTogether(Math.min(sheets.heightOf(sentence, { size: 11 }, fullWidth.width) + 40, 200));
  sheets.write(sentence, { size: 11 });
  sheets.write(figuresOf(finding), { ...small, colour: ink.quiet });
  if (verdict !== undefined) sheets.write(sayVerdict(verdict), { ...small, colour: ink.quiet });
  sheets.y += 7;
}

function drawModel(sheets: Sheets, set: ResultSet): void {
  drawTable(sheets, { title: 'Model', rows: modelRows(set) });
  const device = deviceSentence(set.model);
  if (device !== undefined) sheets.write(device, { size: 10, face: 'bold' });
  if (sheets.hasReplaced) {
    sheets.y += 4;
    sheets.write(`${replacement} stands for a character that cannot be printed here: see the chart.`, small);
  }
}
