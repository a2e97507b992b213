import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Model } from './model-repository.ts';

const expectedSchema = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('findings'),
    /** By output key. */
    probability: z.record(z.string(), z.number()),
    present: z.record(z.string(), z.boolean()),
  }),
  z.object({ outcome: z.literal('skipped'), reason: z.string() }),
]);

/** `file` is a Part 10 object beside golden.json, or, with a slash at its end, a folder of them. */
const goldenSchema = z.array(z.object({ file: z.string(), expected: expectedSchema }));

export type GoldenExpectation = z.infer<typeof expectedSchema>;

/** Objects asked about together, and what a model's maker recorded of them. */
export interface GoldenCase {
  name: string;
  files: string[];
  expected: GoldenExpectation;
}

export type ReadGolden = { kind: 'golden'; cases: GoldenCase[] } | { kind: 'none'; why: string };

/** Where they lie in a version whose manifest does not vouch for them yet. */
const usualFile = 'golden/golden.json';

/** The golden inputs a version carries, checked against the sum its manifest states. */
export async function readGolden({ manifest, folder }: Model): Promise<ReadGolden> {
  const evidence = manifest.evidence.find(({ kind }) => kind === 'golden');
  const file = evidence?.file ?? usualFile;
  const path = join(folder, file);
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes === undefined) return { kind: 'none', why: `has no golden inputs, no ${file}` };
  if (evidence !== undefined && createHash('sha256').update(bytes).digest('hex') !== evidence.sha256)
    return { kind: 'none', why: `has another ${file} than its manifest states` };
  const parsed = goldenSchema.safeParse(readJson(String(bytes)));
  if (!parsed.success) return { kind: 'none', why: `has a malformed ${file}` };
  const together = manifest.answer.unit !== 'image';
  const cases = await Promise.all(parsed.data.map((entry) => casesOf(join(path, '..'), entry, together)));
  return { kind: 'golden', cases: cases.flat() };
}

/** A folder is one case where the model looks at all of it together, otherwise one for each of its objects. */
async function casesOf(
  golden: string,
  { file, expected }: z.infer<typeof goldenSchema>[number],
  together: boolean,
): Promise<GoldenCase[]> {
  if (!file.endsWith('/')) return [{ name: file, files: [join(golden, file)], expected }];
  const names = (await readdir(join(golden, file))).filter((name) => name.endsWith('.dcm')).sort();
  const files = names.map((name) => join(golden, file, name));
  if (together) return [{ name: file, files, expected }];
  return files.map((path, i) => ({ name: join(file, names[i] ?? ''), files: [path], expected }));
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
