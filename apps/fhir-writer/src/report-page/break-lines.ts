type Measure = (text: string) => number;

/**
 * Lines of at most `width`, broken at spaces; a word wider than a line is broken between its characters. What is measured is each
 * word alone, so that a long text takes no longer than its length.
 */
export function breakLines(text: string, width: number, widthOf: Measure): string[] {
  const words = text.split(' ').flatMap((word) => (widthOf(word) <= width ? [word] : pieces(word, width, widthOf)));
  return filled(words, ' ', width, widthOf);
}

/** One line of at most `width`; what does not fit is cut, and seen to be. */
export function cutToLine(text: string, width: number, widthOf: Measure): string {
  if (widthOf(text) <= width) return text;
  return `${pieces(text, width - widthOf('…'), widthOf)[0] ?? ''}…`;
}

function pieces(word: string, width: number, widthOf: Measure): string[] {
  const characters = Array.from(new Intl.Segmenter('en').segment(word), ({ segment }) => segment);
  return filled(characters, '', width, widthOf);
}

/** As many parts to a line as it holds, at least one. */
function filled(parts: readonly string[], between: string, width: number, widthOf: Measure): string[] {
  const gap = widthOf(between);
  const lines: string[][] = [];
  let room = -1;
  for (const part of parts) {
    const needed = widthOf(part);
    const line = lines.at(-1);
    if (line !== undefined && gap + needed <= room) {
      line.push(part);
      room -= gap + needed;
    } else {
      lines.push([part]);
      room = width - needed;
    }
  }
  return lines.map((line) => line.join(between));
}
