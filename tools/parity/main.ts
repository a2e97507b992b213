import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { decodeMonochromePixels } from '@sightline/dicom';
import { loadModel, ProcessPixelReader, ProcessRuntime, type Model, type Reader } from '@sightline/inference';
import { openDataSet, type LabelledSubject } from '../evaluate/open-data-set.ts';
import { pipelineOf } from '../evaluate/pipeline-of.ts';
import { bareValues, isPart10, readPicture, scoreObjects, type SubjectScore } from '../evaluate/score-subject.ts';
import type { GreyPicture } from '../evaluate/wrap-image.ts';
import { compare, sayParity, type Parity } from './compare.ts';
import { reference, variantsFor, type Variant } from './variants.ts';

const usage = 'npm run parity -- <model> --data DIR [--split NAME] [--images 50] [--json] [--write] [--models DIR]';

/** One picture or study in one variant. */
const limitMs = 120_000;

class Refused extends Error {}

try {
  await measureParity();
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  process.stderr.write(`parity: ${error.message}\n`);
  process.exitCode = 2;
}

/** Ends with code 1 where a limit is broken: what is stored otherwise must not be read otherwise. */
async function measureParity(): Promise<void> {
  const asked = readArguments();
  const loaded = await loadModel(resolve(asked.models, asked.model));
  if (loaded.kind === 'refused') throw new Refused(loaded.line);
  const { model } = loaded;
  const opened = await openDataSet(asked.data, asked.split, model.manifest);
  if (opened.kind === 'malformed') throw new Refused(opened.reason);
  const subjects = drawn(opened.dataSet.subjects, asked.images);
  const rows = await measure(model, asked.data, subjects);
  const { name, version, sha256 } = model.manifest;
  const report = { model: name, version, sha256, split: asked.split ?? null, images: subjects.length, variants: rows };
  const json = `${JSON.stringify(report, undefined, 2)}\n`;
  if (asked.write) await writeFile(join(resolve(asked.models, asked.model), 'parity.json'), json);
  process.stdout.write(asked.json ? json : sayParity(rows));
  if (rows.some(({ kept }) => kept === false)) process.exitCode = 1;
}

function readArguments() {
  const { values, positionals } = parse();
  const [model, ...more] = positionals;
  if (model === undefined || more.length > 0) throw new Refused(`name one model. ${usage}`);
  if (values.data === undefined) throw new Refused(`--data is missing. ${usage}`);
  const images = Number(values.images);
  if (!Number.isInteger(images) || images < 1) throw new Refused(`--images ${values.images} is no number of images`);
  return { ...values, model, images, data: resolve(values.data) };
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        split: { type: 'string' },
        images: { type: 'string', default: '50' },
        json: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        models: { type: 'string', default: join(import.meta.dirname, '../../models') },
      },
    });
  } catch (error) {
    throw new Refused(`${error instanceof Error ? error.message : String(error)} ${usage}`);
  }
}

/** The same subjects at every run, chosen by nothing that has to do with what they show. */
function drawn(subjects: readonly LabelledSubject[], count: number): LabelledSubject[] {
  const key = ({ name }: LabelledSubject): string => createHash('sha256').update(name).digest('hex');
  return subjects.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)).slice(0, count);
}

async function measure(model: Model, folder: string, subjects: readonly LabelledSubject[]): Promise<Parity[]> {
  const reader: Reader = {
    model,
    pipeline: pipelineOf(model),
    pixels: new ProcessPixelReader(),
    runtime: new ProcessRuntime(),
  };
  const variants = variantsFor(model.manifest.input.preparation.grey);
  const pairs = new Map(variants.map(({ name }) => [name, [] as { reference: SubjectScore; variant: SubjectScore }[]]));
  try {
    for (const [done, subject] of subjects.entries()) {
      const pictures = await Promise.all(subject.files.map((file) => pictureOf(join(folder, file))));
      const plain = await score(reader, subject, pictures, reference);
      for (const variant of variants)
        pairs.get(variant.name)?.push({ reference: plain, variant: await score(reader, subject, pictures, variant) });
      process.stderr.write(`${done + 1} of ${subjects.length}\n`);
    }
  } finally {
    await Promise.all([reader.pixels.close(), reader.runtime.close()]);
  }
  return variants.map((variant) => compare(model.manifest, variant, pairs.get(variant.name) ?? []));
}

async function score(
  reader: Reader,
  { name }: LabelledSubject,
  pictures: readonly GreyPicture[],
  { make }: Variant,
): Promise<SubjectScore> {
  const objects = await Promise.all(
    pictures.map((picture, place) => make(picture, bareValues(reader.model.manifest, name, place))),
  );
  return scoreObjects(reader, name, objects, AbortSignal.timeout(limitMs));
}

/** A picture file, or a DICOM image by the eight bits a display would show of it. */
async function pictureOf(path: string): Promise<GreyPicture> {
  const bytes = await readFile(path);
  if (!isPart10(path, bytes)) {
    const picture = await readPicture(bytes);
    if (picture.kind === 'undecodable') throw new Refused(`${path}: ${picture.why}`);
    return picture;
  }
  const decoded = await decodeMonochromePixels(bytes);
  if (decoded.kind === 'unsupported') throw new Refused(`${path}: ${decoded.reason}`);
  const { width, height, values } = decoded;
  return { width, height, grey: Uint8Array.from(values, Math.round) };
}
