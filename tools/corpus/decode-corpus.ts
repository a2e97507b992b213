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

/**
 * What libjpeg-turbo makes of lossy JPEG files, as SHA-256: the decoder behind the index rounds differently, by at most 3. One of them is a
 * baseline image in a lossless transfer syntax.
 */
const byLibjpegTurbo: ReadonlyMap<string, string> = new Map([
  [
    'cornerstone3D/CT0012.fragmented_no_bot_jpeg_baseline.51.dcm',
    'a62ceec7a17af3ceae9deb9f93b71437e52a6ab04897266acaade66ea8cd6987',
  ],
  [
    'cornerstone3D/TestPattern_JPEG-Baseline_YBRFull.dcm',
    '7e07e65b853f83c2239a253037dd29278d22638fbaaa8d80e7ae31f300606586',
  ],
  [
    'cornerstone3D/testImages_CTImage.dcm_JPEGProcess1TransferSyntax_1.2.840.10008.1.2.4.50.dcm',
    '61a9117dd2cb9f8a5b3c5f2add07fe3ccb8fb4dda4228db9c2a1c1e6b23e1641',
  ],
  [
    'cptac-brca-wsi/911f6cbd-a1ad-4e95-bdf5-4e4ea52d9977.dcm',
    '2dd1248d56a0d236176aee3829588f0553b3e5505f981fdaf8e70bfb4f661b88',
  ],
  ['dcmjs/sample-op.dcm', '1bce612ae7e07d23066a88fa01395fcfb0ec55723ab50f67c6798e1438eae279'],
  ['openslide/boxes_0.dcm', '7259cb2aee5f3d83f0a2cc42e02e5b65032e2057bfa84856627d795db3bab4a0'],
  ['pydicom_package/SC_rgb_dcmtk_+eb+cr.dcm', 'e414aaca686695163b4fcca90cc4b0bf6aff59d70c036a39a446ebcbb53e3360'],
]);

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
  const digest = hash.digest('hex');
  if (digest === row.sha256) return { verdict: 'same', detail: '' };
  const known = byLibjpegTurbo.get(row.file);
  if (known === digest) return { verdict: 'close', detail: "not the index's bits, but libjpeg-turbo's" };
  // Without the pixels of another decoder, their range is all there is to compare.
  const near = Math.abs(low - Number(row.min)) <= mostOff && Math.abs(high - Number(row.max)) <= mostOff;
  return {
    verdict: known === undefined && row.lossy_syntax === 'yes' && near ? 'close' : 'differs',
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
