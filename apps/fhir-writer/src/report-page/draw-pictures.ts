import type { Finding } from '@sightline/findings';
import type { Picture } from './picture.ts';
import { isSameImage } from './pictures-of.ts';
import { ink, paper, type Sheets } from './sheet.ts';
import { captionOf, sayLeftOut } from './words.ts';

const gap = 16;
const cell = (paper.right - paper.left - gap) / 2;
const tallest = 200;
const placeholder = 48;
const caption = { size: 7.5, colour: ink.quiet } as const;

/** Images beside their maps, two in a row. Of those there was no room for only their number is said. */
export function drawPictures(sheets: Sheets, pictures: readonly Picture[], findings: readonly Finding[]): void {
  const placed = pictures.filter(({ content }) => !(content.kind === 'left-out' && content.reason === 'no-room'));
  for (const row of rowsOf(placed)) drawRow(sheets, row, findings);
  const others = pictures.length - placed.length;
  if (others === 0) return;
  sheets.write(`${others} more ${others === 1 ? 'picture is' : 'pictures are'} not on this page: no room.`, {
    size: 9,
  });
}

/** An image and its maps never share a row with another's. */
function rowsOf(pictures: readonly Picture[]): Picture[][] {
  const rows: Picture[][] = [];
  for (const picture of pictures) {
    const row = rows.at(-1);
    const [neighbour] = row ?? [];
    if (row?.length === 1 && neighbour !== undefined && isSameImage(neighbour.source, picture.source))
      row.push(picture);
    else rows.push([picture]);
  }
  return rows;
}

function drawRow(sheets: Sheets, row: readonly Picture[], findings: readonly Finding[]): void {
  const captions = row.map((picture) => captionOf(picture, findings));
  const height = Math.max(...row.map(heightOf));
  const below = Math.max(...captions.map((text) => sheets.heightOf(text, caption, cell)));
  sheets.keepTogether(height + 4 + below);
  const top = sheets.y;
  for (const [n, picture] of row.entries()) {
    const x = paper.left + n * (cell + gap);
    drawPicture(sheets, picture, { x, y: top, height: heightOf(picture) });
    sheets.y = top + height + 4;
    sheets.write(captions[n] ?? '', caption, { x, width: cell });
  }
  sheets.y = top + height + 4 + below + 8;
}

function drawPicture(
  sheets: Sheets,
  { content }: Picture,
  { x, y, height }: { x: number; y: number; height: number },
): void {
  if (content.kind === 'jpeg') {
    sheets.document.image(content.jpeg, x, y, { width: content.width * scaleOf(content), height });
    return;
  }
  sheets.document.rect(x, y, cell, height).lineWidth(0.75).strokeColor(ink.line).stroke();
  sheets.y = y + 10;
  sheets.write(sayLeftOut(content.reason), { size: 9, colour: ink.quiet }, { x: x + 8, width: cell - 16 });
}

function heightOf({ content }: Picture): number {
  return content.kind === 'jpeg' ? content.height * scaleOf(content) : placeholder;
}

function scaleOf({ width, height }: { width: number; height: number }): number {
  return Math.min(cell / width, tallest / height);
}
