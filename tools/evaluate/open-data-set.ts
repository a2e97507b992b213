import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelManifest } from '@sightline/contracts';
import { parseLabels, type LabelRow } from './read-labels.ts';

/** One image with what is true of it, by output key. */
export interface LabelledRow {
  file: string;
  patient: string;
  truth: Readonly<Record<string, 0 | 1>>;
}

export interface DataSet {
  folder: string;
  split: string | undefined;
  rows: LabelledRow[];
}

type Opened = { kind: 'data-set'; dataSet: DataSet } | { kind: 'malformed'; reason: string };

/** The rows of `folder`/labels.csv in a split (all without one), every file of which is there. The reason names what is wrong. */
export async function openDataSet(
  folder: string,
  split: string | undefined,
  { evaluation }: ModelManifest,
): Promise<Opened> {
  const path = join(folder, 'labels.csv');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return malformed(`${path} cannot be read`);
  const table = parseLabels(text);
  if (table.kind === 'malformed') return malformed(`${path}: ${table.reason}`);
  const needed = [
    'file',
    evaluation.patient,
    ...Object.values(evaluation.labels),
    ...(split === undefined ? [] : ['split']),
  ];
  const missing = needed.filter((name) => !table.names.includes(name));
  if (missing.length > 0)
    return malformed(`${path} has no column ${missing.join(', ')}; it has ${table.names.join(', ')}`);
  const chosen = table.rows.filter(({ columns }) => split === undefined || columns['split'] === split);
  if (chosen.length === 0) return malformed(`${path} has no row${split === undefined ? '' : ` with split ${split}`}`);
  const rows: LabelledRow[] = [];
  for (const row of chosen) {
    const labelled = label(row, evaluation);
    if (typeof labelled === 'string') return malformed(`${path} line ${row.line}: ${labelled}`);
    rows.push(labelled);
  }
  const absent = await absentFiles(folder, rows);
  const [first] = absent;
  if (first !== undefined)
    return malformed(`${absent.length} of ${rows.length} files are missing, the first: ${join(folder, first)}`);
  return { kind: 'data-set', dataSet: { folder, split, rows } };
}

function label({ columns }: LabelRow, evaluation: ModelManifest['evaluation']): LabelledRow | string {
  const file = columns['file'] ?? '';
  if (file === '') return 'no file';
  const patient = columns[evaluation.patient] ?? '';
  if (patient === '') return `no ${evaluation.patient}`;
  const truth: Record<string, 0 | 1> = {};
  for (const [key, column] of Object.entries(evaluation.labels)) {
    const value = columns[column];
    if (value !== '0' && value !== '1') return `${column} is "${value ?? ''}", neither 0 nor 1`;
    truth[key] = value === '1' ? 1 : 0;
  }
  return { file, patient, truth };
}

async function absentFiles(folder: string, rows: readonly LabelledRow[]): Promise<string[]> {
  const found = await Promise.all(
    rows.map(({ file }) =>
      access(join(folder, file)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return rows.filter((_, i) => found[i] === false).map(({ file }) => file);
}

function malformed(reason: string): Opened {
  return { kind: 'malformed', reason };
}
