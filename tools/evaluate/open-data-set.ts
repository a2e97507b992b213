import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelManifest } from '@sightline/contracts';
import { parseLabels, type LabelRow } from './read-labels.ts';

/** What one answer is about, with what is true of it by output key: an image, or a study by its images in order. */
export interface LabelledSubject {
  /** The file of an image, the value of the study column of a study. */
  name: string;
  files: readonly string[];
  patient: string;
  truth: Readonly<Record<string, 0 | 1>>;
}

interface LabelledRow {
  file: string;
  patient: string;
  truth: Readonly<Record<string, 0 | 1>>;
  study?: { name: string; order: number };
}

export interface DataSet {
  folder: string;
  split: string | undefined;
  subjects: LabelledSubject[];
}

type Opened = { kind: 'data-set'; dataSet: DataSet } | { kind: 'malformed'; reason: string };

/**
 * The subjects of `folder`/labels.csv in a split (all without one), every file of which is there: its rows, or the studies that the
 * manifest's columns make of them. The reason names what is wrong.
 */
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
    ...(evaluation.study === undefined ? [] : [evaluation.study.column, evaluation.study.order]),
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
  const subjects = evaluation.study === undefined ? rows.map(alone) : studiesOf(rows);
  if (typeof subjects === 'string') return malformed(`${path}: ${subjects}`);
  return { kind: 'data-set', dataSet: { folder, split, subjects } };
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
  if (evaluation.study === undefined) return { file, patient, truth };
  const name = columns[evaluation.study.column] ?? '';
  const order = Number(columns[evaluation.study.order] || Number.NaN);
  if (name === '') return `no ${evaluation.study.column}`;
  if (!Number.isFinite(order))
    return `${evaluation.study.order} is "${columns[evaluation.study.order] ?? ''}", no number`;
  return { file, patient, truth, study: { name, order } };
}

function alone({ file, patient, truth }: LabelledRow): LabelledSubject {
  return { name: file, files: [file], patient, truth };
}

/** Studies by the column that names them, images in the order of theirs. A study shows what one of its images shows. */
function studiesOf(rows: readonly LabelledRow[]): LabelledSubject[] | string {
  const studies = Map.groupBy(rows, ({ study }) => study?.name ?? '');
  const subjects: LabelledSubject[] = [];
  for (const [name, images] of studies) {
    const ordered = images.toSorted((a, b) => (a.study?.order ?? 0) - (b.study?.order ?? 0));
    const patients = new Set(ordered.map(({ patient }) => patient));
    const [patient] = patients;
    if (patient === undefined || patients.size > 1) return `study ${name} is of ${patients.size} patients`;
    if (ordered.some(({ study }, i) => i > 0 && study?.order === ordered[i - 1]?.study?.order))
      return `study ${name} has two images at one place`;
    subjects.push({ name, files: ordered.map(({ file }) => file), patient, truth: eitherOf(ordered) });
  }
  return subjects;
}

function eitherOf(rows: readonly LabelledRow[]): Record<string, 0 | 1> {
  const keys = Object.keys(rows[0]?.truth ?? {});
  return Object.fromEntries(keys.map((key) => [key, rows.some(({ truth }) => truth[key] === 1) ? 1 : 0]));
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
