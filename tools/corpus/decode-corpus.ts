import { bytesSource, openPixels, rgbPixels, transferSyntaxName, type StoredFrame } from '@sightline/dicom';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One line of a corpus' INDEX.csv: what another decoder made of the file, in pydicom's conventions. */
type Row = Record<'file' | 'decodes' | 'lossy_syntax' | 'dtype' | 'min' | 'max' | 'sha256' | 'transfer_syntax', string>;

interface Outcome {
  row: Row;
  /** `differs`: decoded, and not to what the index says. */
  verdict: 'same' | 'close' | 'differs' | 'refused' | 'unlisted';
  detail: string;
}

/** What a lossy frame may be off at its darkest and brightest: decoders round their inverse transforms and colours each in its own way. */
const mostOff = 3;

/** Say lossless, and hold a baseline JPEG image. */
const lossyUnsaid: ReadonlySet<string> = new Set(['dcmjs/sample-op.dcm']);

/** Decodes every file of the index and compares; undefined where the folder has none. */
export async function decodeCorpus(folder: string): Promise<Outcome[] | undefined> {
  const text = await readFile(join(folder, 'INDEX.csv'), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const outcomes: Outcome[] = [];
  for (const row of rowsOf(text)) {
    if (row.transfer_syntax.startsWith('(not DICOM')) continue;
    outcomes.push({ row, ...(await decodeFile(join(folder, row.file), row)) });
  }
  return outcomes;
}

async function decodeFile(path: string, row: Row): Promise<Pick<Outcome, 'verdict' | 'detail'>> {
  const opened = await openPixels(bytesSource(await readFile(path)));
  if (opened.kind === 'unsupported') return { verdict: 'refused', detail: opened.reason };
  const hash = createHash('sha256');
  let low = Infinity;
  let high = -Infinity;
  for (let index = 0; index < opened.image.description.frames; index++) {
    const frame = await opened.image.frame(index);
    if (frame.kind === 'unsupported') return { verdict: 'refused', detail: frame.reason };
    const values = valuesOf(frame);
    for (const value of values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    hash.update(bytesOf(values, row.dtype.startsWith('>')));
  }
  const range = `${low} to ${high}`;
  if (row.decodes !== 'yes') return { verdict: 'unlisted', detail: range };
  if (hash.digest('hex') === row.sha256) return { verdict: 'same', detail: '' };
  const near = Math.abs(low - Number(row.min)) <= mostOff && Math.abs(high - Number(row.max)) <= mostOff;
  const lossy = row.lossy_syntax === 'yes' || lossyUnsaid.has(row.file);
  return {
    verdict: lossy && near ? 'close' : 'differs',
    detail: `${range}, the index says ${row.min} to ${row.max}`,
  };
}

/** The index holds RGB for YBR, and the numbers of a palette instead of its colours. */
function valuesOf(frame: StoredFrame): StoredFrame['values'] {
  if (!frame.photometric.startsWith('YBR')) return frame.values;
  const rgb = rgbPixels(frame);
  return rgb.kind === 'rgb' ? rgb.values : frame.values;
}

function bytesOf(values: StoredFrame['values'], bigEndian: boolean): Uint8Array {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  if (!bigEndian || values.BYTES_PER_ELEMENT === 1) return bytes;
  return values.BYTES_PER_ELEMENT === 2 ? Buffer.from(bytes).swap16() : Buffer.from(bytes).swap32();
}

/** Comma separated, quoted where a value holds a comma or a quote. */
function rowsOf(text: string): Row[] {
  const [head = [], ...lines] = [...text.matchAll(/^.+$/gm)].map(([line]) => cellsOf(line));
  return lines.map((cells) => Object.fromEntries(head.map((name, i) => [name, cells[i] ?? ''])) as Row);
}

function cellsOf(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}

/** A line for each file that is not the same, and a table by transfer syntax. */
export function decodingReport(outcomes: readonly Outcome[]): string {
  const verdicts = ['same', 'close', 'differs', 'refused', 'unlisted'] as const;
  const counts = new Map<string, number[]>();
  for (const { row, verdict } of outcomes.filter(
    ({ row, verdict }) => row.decodes === 'yes' || verdict !== 'refused',
  )) {
    const name = transferSyntaxName(row.transfer_syntax).slice(0, 50);
    const line = counts.get(name) ?? verdicts.map(() => 0);
    line[verdicts.indexOf(verdict)] = (line[verdicts.indexOf(verdict)] ?? 0) + 1;
    counts.set(name, line);
  }
  const cells = (line: readonly (number | string)[]): string => line.map((cell) => String(cell).padStart(9)).join('');
  const table = [...counts].map(([name, line]) => `${name.padEnd(50)}${cells(line.map((count) => count || '·'))}`);
  const lines = outcomes
    .filter(({ verdict }) => verdict !== 'same')
    .map(({ row, verdict, detail }) => `${verdict.padEnd(9)} ${row.file}  ${detail}`);
  return [...lines, `${'decoded, by transfer syntax'.padEnd(50)}${cells(verdicts)}`, ...table].join('\n');
}

/** A file that another decoder reads and this one reads otherwise, or not at all. */
export function isMismatch({ row, verdict }: Outcome): boolean {
  return verdict === 'differs' || (verdict === 'refused' && row.decodes === 'yes');
}
