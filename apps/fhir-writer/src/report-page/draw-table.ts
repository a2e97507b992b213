import { fullWidth, ink, paper, type Column, type Sheets } from './sheet.ts';
import type { Row } from './words.ts';

export interface Table {
  title: string;
  rows: readonly Row[];
}

const text = { size: 9 } as const;
const name = { size: 9, colour: ink.quiet } as const;
const nameWidth = 76;

/** A table of ordinary size is not torn apart; of a larger one at least so much stands together. */
const mostKeptTogether = 200;

/** Never at the foot of a sheet without something of what it is over. */
export function drawHeading(sheets: Sheets, title: string, column: Column = fullWidth, room = 40): void {
  sheets.y += 9;
  sheets.keepTogether(22 + room);
  sheets.write(title, { size: 11.5, face: 'bold' }, column);
  sheets.document
    .moveTo(column.x, sheets.y)
    .lineTo(column.x + column.width, sheets.y)
    .lineWidth(0.75)
    .strokeColor(ink.line)
    .stroke();
  sheets.y += 5;
}

export function drawTable(sheets: Sheets, { title, rows }: Table, column: Column = fullWidth): void {
  drawHeading(sheets, title, column, Math.min(heightOf(sheets, rows, column.width) + 20, mostKeptTogether));
  for (const [what, value] of rows) {
    sheets.keepTogether(14);
    sheets.writeAt(what, name, { x: column.x, width: nameWidth - 4 }, sheets.y);
    sheets.write(value, text, { x: column.x + nameWidth, width: column.width - nameWidth });
  }
}

/** Two tables beside each other where both fit on what is left of the sheet, else one below the other. */
export function drawTwoTables(sheets: Sheets, one: Table, other: Table): void {
  const width = (fullWidth.width - 20) / 2;
  const heights = [one, other].map(({ rows }) => 45 + heightOf(sheets, rows, width));
  if (sheets.y + Math.max(...heights) > paper.bottom) {
    drawTable(sheets, one);
    drawTable(sheets, other);
    return;
  }
  const top = sheets.y;
  drawTable(sheets, one, { x: paper.left, width });
  const below = sheets.y;
  sheets.y = top;
  drawTable(sheets, other, { x: paper.right - width, width });
  sheets.y = Math.max(sheets.y, below);
}

function heightOf(sheets: Sheets, rows: readonly Row[], width: number): number {
  return rows.reduce((sum, [, value]) => sum + sheets.heightOf(value, text, width - nameWidth), 0);
}
