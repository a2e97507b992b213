import { randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { uidFromUuid } from '@sightline/dicom';
import { z } from 'zod';

const run = promisify(execFile);

/** Of the model whose pictures may be passed on: real radiographs, sent wherever any study will do. */
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

/** The golden inputs of a model, and what it says of each. */
export async function readGolden(directory = goldenDirectory): Promise<Golden[]> {
  return goldenSchema.parse(JSON.parse(await readFile(join(directory, 'golden.json'), 'utf8')));
}

/** The objects of a golden input, which is a file or a folder of them. */
export async function goldenFiles({ file }: Pick<Golden, 'file'>, directory = goldenDirectory): Promise<string[]> {
  if (!file.endsWith('/')) return [join(directory, file)];
  const names = (await readdir(join(directory, file))).filter((name) => name.endsWith('.dcm'));
  return names.sort().map((name) => join(directory, file, name));
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

/** Turns the picture of a golden file by 180 degrees and leaves its header as it is: Pixel Data, a byte for each pixel, is its end. */
export async function turnUpsideDown(path: string): Promise<void> {
  const bytes = await readFile(path);
  const tag = bytes.lastIndexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0x00, 0x00]));
  const pixels = bytes.subarray(tag + 12);
  if (tag < 0 || bytes.readUInt32LE(tag + 8) !== pixels.length) throw new Error(`${path} does not end with its pixels`);
  pixels.reverse();
  await writeFile(path, bytes);
}
