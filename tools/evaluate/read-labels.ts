/** One image of a labels.csv: its columns by name, and the line it stands on. */
export interface LabelRow {
  line: number;
  columns: Readonly<Record<string, string>>;
}

export type LabelTable = { kind: 'table'; names: string[]; rows: LabelRow[] } | { kind: 'malformed'; reason: string };

/** Rows of a CSV with a header line (RFC 4180: quotes, doubled quotes, CRLF). */
export function parseLabels(text: string): LabelTable {
  const lines = records(text.replace(/^\uFEFF/, ''));
  const [names, ...rest] = lines;
  if (names === undefined || names.cells.every((name) => name === ''))
    return { kind: 'malformed', reason: 'it is empty' };
  const twice = names.cells.find((name, i) => names.cells.indexOf(name) !== i);
  if (twice !== undefined) return { kind: 'malformed', reason: `column ${twice} is there twice` };
  const wrong = rest.find(({ cells }) => cells.length !== names.cells.length);
  if (wrong !== undefined) {
    return {
      kind: 'malformed',
      reason: `line ${wrong.line} has ${wrong.cells.length} cells, the first ${names.cells.length}`,
    };
  }
  const rows = rest.map(({ line, cells }) => ({
    line,
    columns: Object.fromEntries(names.cells.map((name, i) => [name, cells[i] ?? ''])),
  }));
  return { kind: 'table', names: names.cells, rows };
}

function records(text: string): { line: number; cells: string[] }[] {
  const found: { line: number; cells: string[] }[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  let cells: string[] = [];
  let line = 1;
  let startedOn = 1;
  while (cell.lastIndex < text.length) {
    const match = cell.exec(text);
    if (match === null) return [...found, { line, cells: [] }];
    const [all, quoted, plain, end] = match;
    cells.push(quoted === undefined ? (plain ?? '').trim() : quoted.replaceAll('""', '"'));
    line += all.split('\n').length - 1;
    if (end === ',' && cell.lastIndex < text.length) continue;
    if (end === ',') cells.push('');
    if (cells.length > 1 || cells[0] !== '') found.push({ line: startedOn, cells });
    cells = [];
    startedOn = line;
  }
  return found;
}

/** A cell of a CSV, quoted where it must be. */
export function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
