import { describe, expect, it } from '@jest/globals';
import { csvCell, parseLabels } from './read-labels.ts';

describe('labels.csv', () => {
  it('is read with quotes, commas in them, CRLF and an empty last line', () => {
    const table = parseLabels('file,patient,note\r\na.png,1,"x, ""y"""\r\nb.png,2,\r\n\r\n');
    expect(table).toEqual({
      kind: 'table',
      names: ['file', 'patient', 'note'],
      rows: [
        { line: 2, columns: { file: 'a.png', patient: '1', note: 'x, "y"' } },
        { line: 3, columns: { file: 'b.png', patient: '2', note: '' } },
      ],
    });
  });

  it.each([
    ['', 'it is empty'],
    ['a,a\n1,2\n', 'column a is there twice'],
    ['a,b\n1\n', 'line 2 has 1 cells, the first 2'],
  ])('%j is malformed: %s', (text, reason) => {
    expect(parseLabels(text)).toEqual({ kind: 'malformed', reason });
  });

  it('is written so that it reads back', () => {
    const odd = 'a,"b"\nc';
    const table = parseLabels(`x\n${csvCell(odd)}\n`);
    expect(table.kind === 'table' && table.rows[0]?.columns['x']).toBe(odd);
  });
});
