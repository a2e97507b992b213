/** Rows of the first table under a heading of a Markdown paper, without its head. */
export function tableUnder(paper: string, heading: string): string[][] {
  const after = paper.slice(paper.indexOf(heading));
  const table = after.slice(after.indexOf('\n| ') + 1).split(/\n(?!\|)/)[0] ?? '';
  return table
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}
