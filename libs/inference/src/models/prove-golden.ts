import { readFile } from 'node:fs/promises';
import type { Finding } from '@sightline/findings';
import type { Read, Reader, Reading } from '../reading/reading.ts';
import { describeObject } from '../reading/open-objects.ts';
import { readObjects } from '../reading/read-objects.ts';
import type { SeriesObject } from '../reading/read-volume.ts';
import { readGolden, type GoldenCase, type GoldenExpectation } from './golden.ts';

/** What serving may differ by from what the model's maker recorded. */
const goldenTolerance = 1e-3;

export type Proof =
  | { kind: 'proved'; cases: number }
  /** The model may not serve. */
  | { kind: 'mismatch'; why: string }
  /** Nothing was learnt; to be tried again. */
  | { kind: 'unavailable'; why: string };

/**
 * Asks a model about its golden inputs by everything that serving does, from the bytes of an object to the finding. Rejects only with
 * the signal's reason.
 */
export async function proveGolden(reader: Reader, signal: AbortSignal): Promise<Proof> {
  const golden = await readGolden(reader.model);
  if (golden.kind === 'none') return { kind: 'mismatch', why: golden.why };
  let proved = 0;
  for (const each of golden.cases) {
    // Said by routing, which asks no model.
    if (each.expected.outcome === 'skipped' && each.expected.reason === 'no-model') continue;
    const readings = await readCase(reader, each, signal);
    const failure = readings.find((reading) => reading.kind === 'failed')?.failure;
    if (failure?.kind === 'unavailable') return { kind: 'unavailable', why: failure.message };
    const why = failure?.message ?? differenceOf(each.expected, readings);
    if (why !== undefined) return { kind: 'mismatch', why: `on ${each.name}: ${why}` };
    proved += 1;
  }
  return proved > 0
    ? { kind: 'proved', cases: proved }
    : { kind: 'mismatch', why: 'has no golden input it is asked about' };
}

async function readCase(reader: Reader, { files }: GoldenCase, signal: AbortSignal): Promise<Reading[]> {
  const readings: Reading[] = [];
  for await (const reading of readObjects(reader, objectsOf(files), { signal })) readings.push(reading);
  return readings;
}

async function* objectsOf(files: readonly string[]): AsyncGenerator<Read<SeriesObject>> {
  for (const file of files) yield describeObject(await readFile(file));
}

function differenceOf(expected: GoldenExpectation, readings: readonly Reading[]): string | undefined {
  const findings = readings.flatMap((reading) => (reading.kind === 'read' ? reading.findings : []));
  if (expected.outcome === 'findings') return differenceOfFindings(expected, findings, readings);
  const refused = readings.find((reading) => reading.kind === 'refused');
  if (findings.length > 0 || refused === undefined) return `read, not refused as ${expected.reason}`;
  return refused.reason === expected.reason ? undefined : `refused as ${refused.reason}, not as ${expected.reason}`;
}

function differenceOfFindings(
  { probability, present }: Extract<GoldenExpectation, { outcome: 'findings' }>,
  findings: readonly Finding[],
  readings: readonly Reading[],
): string | undefined {
  const refused = readings.find((reading) => reading.kind === 'refused');
  if (findings.length === 0) return `refused as ${refused?.reason ?? 'nothing to read'}`;
  const keys = new Set([...Object.keys(probability), ...findings.map(({ key }) => key)]);
  for (const key of keys) {
    const said = findings.filter((finding) => finding.key === key);
    const highest = Math.max(...said.map(({ certainty }) => certainty.probability));
    const recorded = probability[key];
    // Written so that what is no number differs.
    if (recorded === undefined || !(Math.abs(highest - recorded) <= goldenTolerance))
      return `${key} is ${highest}, recorded was ${recorded}`;
    const isPresent = said.some(({ presence }) => presence === 'present');
    if (isPresent !== (present[key] === true))
      return `${key} is ${isPresent ? '' : 'not '}present, recorded was the contrary`;
  }
  return undefined;
}
