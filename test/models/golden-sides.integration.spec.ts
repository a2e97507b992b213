import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { bytesSource, openPixels } from '@sightline/dicom';
import {
  describeObject,
  loadModel,
  type Model,
  ProcessPixelReader,
  ProcessRuntime,
  readObjects,
} from '@sightline/inference';
import { modelFolders } from '@sightline/models';
import { root } from '../../tools/check/steps.ts';
import { pipelineOf } from '../../tools/evaluate/pipeline-of.ts';
import { goldenFiles, readGolden } from '../support/golden.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../support/index.ts';

jest.setTimeout(180_000);

const run = promisify(execFile);

interface Study {
  name: string;
  model: Model;
  files: string[];
}

/** Its golden inputs, but those that routing alone speaks of. */
async function goldenOf(model: Model): Promise<Study[]> {
  const folder = join(model.folder, 'golden');
  const golden = await readGolden(folder);
  const asked = golden.filter(({ expected }) => expected.outcome === 'findings' || expected.reason !== 'no-model');
  return Promise.all(
    asked.map(async (each) => {
      return { name: `${model.manifest.name}/${each.file}`, model, files: await goldenFiles(each, folder) };
    }),
  );
}

const loaded = await Promise.all((await modelFolders(join(root, 'models'))).map(loadModel));
const models = loaded.flatMap((each) => (each.kind === 'model' ? [each.model] : []));
const studies = (await Promise.all(models.map(goldenOf))).flat();

/** A golden object with its pixels as they are, not run lengths. */
async function native(path: string): Promise<Buffer> {
  const { stdout } = await run('dcmdrle', [path, '-'], { encoding: 'buffer', maxBuffer: 2 ** 26 });
  return stdout;
}

/** The same with each row the other way round. Golden objects are of one frame, and end with their pixels. */
async function mirrored(bytes: Uint8Array): Promise<Buffer> {
  const opened = await openPixels(bytesSource(bytes));
  if (opened.kind === 'unsupported') throw new Error(opened.reason);
  const { rows, columns, bitsAllocated } = opened.image.description;
  const deep = bitsAllocated / 8;
  const size = rows * columns * deep;
  const from = bytes.length - size - (size % 2);
  const copy = Buffer.from(bytes);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const there = from + (row * columns + columns - 1 - column) * deep;
      copy.set(bytes.subarray(there, there + deep), from + (row * columns + column) * deep);
    }
  return copy;
}

describe('the side that a model names', () => {
  const runtime = new ProcessRuntime();
  const pixels = new ProcessPixelReader();
  const never = new AbortController().signal;
  let directory: TemporaryDirectory;

  beforeAll(async () => {
    directory = await temporaryDirectory('sides');
  });

  afterAll(() => Promise.all([runtime.close(), pixels.close(), directory.remove()]));

  /** What is said of the side, whatever the gates would refuse, where every header says this one, or none. */
  async function sidesSaid(model: Model, objects: readonly Uint8Array[], side: 'L' | 'R' | undefined) {
    const paths = objects.map((_, place) => join(directory.path, `${place}.dcm`));
    await Promise.all(objects.map((bytes, place) => writeFile(paths[place] ?? '', bytes)));
    const edits = side === undefined ? ['-ea', 'ImageLaterality'] : ['-i', `ImageLaterality=${side}`];
    await run('dcmodify', ['-nb', '-imt', '-ea', 'Laterality', ...edits, ...paths]);
    const described = (async function* () {
      for (const path of paths) yield describeObject(await readFile(path));
    })();
    const said = new Set<string>();
    const reader = { model, pipeline: pipelineOf(model), pixels, runtime };
    for await (const reading of readObjects(reader, described, { signal: never, beyondGates: true }))
      if (reading.kind === 'read') for (const { laterality } of reading.findings) said.add(laterality);
    return [...said];
  }

  it('is looked at in a golden input of every model', () => {
    expect(new Set(studies.map(({ model }) => model))).toEqual(new Set(models));
    expect(models.length).toBeGreaterThan(0);
  });

  it.each(studies)('is the header’s, of $name and of its mirror image', async ({ model, files }) => {
    const objects = await Promise.all(files.map(native));
    const copies = await Promise.all(objects.map(mirrored));
    expect(copies).not.toEqual(objects);
    for (const shown of [objects, copies]) {
      expect(await sidesSaid(model, shown, 'R')).toEqual(['right']);
      expect(await sidesSaid(model, shown, 'L')).toEqual(['left']);
      expect(await sidesSaid(model, shown, undefined)).toEqual(['unknown']);
    }
  });
});
