import { randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { uidFromUuid } from '@sightline/dicom';
import { z } from 'zod';

const run = promisify(execFile);

export const goldenDirectory = join(import.meta.dirname, '../../models/chest-xray-paediatric/golden');

const goldenSchema = z.array(
  z.object({
    file: z.string(),
    expected: z.discriminatedUnion('outcome', [
      z.object({
        outcome: z.literal('findings'),
        probability: z.record(z.string(), z.number()),
        present: z.record(z.string(), z.boolean()),
      }),
      z.object({ outcome: z.literal('skipped'), reason: z.string() }),
    ]),
  }),
);

export type Golden = z.infer<typeof goldenSchema>[number];

/** The golden inputs a model carries, and what it says of each. */
export async function readGolden(): Promise<Golden[]> {
  return goldenSchema.parse(JSON.parse(await readFile(join(goldenDirectory, 'golden.json'), 'utf8')));
}

export interface FreshStudy {
  path: string;
  studyInstanceUid: string;
  seriesInstanceUid: string;
  sopInstanceUid: string;
}

/**
 * A copy of a golden file as an instance nobody has seen. With `within`, it joins that study's series.
 * `edits` are dcmodify arguments, for example `-m PatientAge=`.
 */
export async function freshInstance(
  directory: string,
  file = 'normal-1.dcm',
  { within, edits = [] }: { within?: FreshStudy; edits?: readonly string[] } = {},
): Promise<FreshStudy> {
  const uid = () => uidFromUuid(randomUUID());
  const sopInstanceUid = uid();
  const study: FreshStudy = {
    path: join(directory, `${sopInstanceUid}.dcm`),
    studyInstanceUid: within?.studyInstanceUid ?? uid(),
    seriesInstanceUid: within?.seriesInstanceUid ?? uid(),
    sopInstanceUid,
  };
  await copyFile(join(goldenDirectory, file), study.path);
  await run('dcmodify', [
    '-nb',
    '-m',
    `StudyInstanceUID=${study.studyInstanceUid}`,
    '-m',
    `SeriesInstanceUID=${study.seriesInstanceUid}`,
    '-m',
    `SOPInstanceUID=${sopInstanceUid}`,
    ...edits,
    study.path,
  ]);
  return study;
}
