import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import sharp from 'sharp';
import { wrapImage } from './wrap-image.ts';

jest.setTimeout(120_000);

const run = promisify(execFile);
const repository = join(import.meta.dirname, '../..');

describe('evaluate', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'evaluate-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const evaluate = (...more: string[]) =>
    run(
      process.execPath,
      [
        '--import',
        'tsx',
        'tools/evaluate/evaluate.ts',
        'bright',
        '--models',
        'libs/inference/test-models',
        '--data',
        folder,
        ...more,
      ],
      { cwd: repository },
    );
  const complaint = async (...more: string[]) =>
    evaluate(...more).then(
      () => 'none',
      (error: { code: number; stderr: string }) => `${error.code} ${error.stderr}`,
    );
  const grey = (value: number) => ({ width: 20, height: 30, grey: new Uint8Array(600).fill(value) });
  const png = (value: number) =>
    sharp(grey(value).grey, { raw: { width: 20, height: 30, channels: 1 } })
      .png()
      .toBuffer();

  it('scores every row through the gates of serving, refused or not', async () => {
    const child = { Modality: 'DX', BodyPartExamined: 'CHEST', ViewPosition: 'AP', PatientAge: '003Y' };
    await writeFile(join(folder, 'light.png'), await png(144));
    await writeFile(
      join(folder, 'dark.jpg'),
      await sharp(await png(96))
        .jpeg()
        .toBuffer(),
    );
    await writeFile(join(folder, 'adult.dcm'), wrapImage('adult', grey(160), { ...child, PatientAge: '040Y' }));
    await writeFile(join(folder, 'broken.png'), 'no picture');
    await writeFile(join(folder, 'other.png'), await png(1));
    await writeFile(
      join(folder, 'labels.csv'),
      'file,patient,split,pneumonia\nlight.png,a,test,1\ndark.jpg,b,test,0\nadult.dcm,c,test,1\nbroken.png,d,test,0\nother.png,e,train,1\n',
    );
    const scores = join(folder, 'scores.csv');
    const { stdout } = await evaluate('--split', 'test', '--json', '--scores', scores);
    const report = JSON.parse(stdout) as Record<string, unknown>;
    expect(report['primary']).toMatchObject({ name: 'auroc', output: 'pneumonia', value: 1, n: 4, patients: 4 });
    expect(report['refusals']).toEqual({ refused: 2, byReason: { 'age-out-of-range': 1, undecodable: 1 } });
    const lines = (await readFile(scores, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => line.split(','));
    expect(lines[0]).toEqual(['name', 'refused', 'reason', 'pneumonia']);
    expect(lines.slice(1).map((cells) => cells.slice(0, 3))).toEqual([
      ['light.png', '0', ''],
      ['dark.jpg', '0', ''],
      ['adult.dcm', '1', 'age-out-of-range'],
      ['broken.png', '1', 'undecodable'],
    ]);
    // Logit (grey - 128) / 16: the mean grey of a picture is what the test model says.
    const probabilities = lines.slice(1).map((cells) => Number(cells[3]));
    [1, -2, 2].forEach((logit, i) => expect(probabilities[i]).toBeCloseTo(1 / (1 + Math.exp(-logit)), 2));
    expect(probabilities[3]).toBe(0.5);
  });

  /** The bright model as one of studies: the largest logit of its slices. */
  async function modelOfStudies(): Promise<string> {
    const models = join(folder, 'models');
    await cp(join(repository, 'libs/inference/test-models/bright'), join(models, 'bright'), { recursive: true });
    const path = join(models, 'bright/model.json');
    const manifest = JSON.parse(await readFile(path, 'utf8'));
    manifest.answer = { unit: 'study', aggregation: { kind: 'max' } };
    manifest.input.selection = { kind: 'volume', leastSlices: 2, plane: 'axial' };
    manifest.evaluation.study = { column: 'study', order: 'slice' };
    await writeFile(path, JSON.stringify(manifest));
    return models;
  }

  it('rebuilds studies from the columns the manifest names, in the order of theirs, and scores each once', async () => {
    const models = await modelOfStudies();
    const greys = { a1: 60, a2: 144, a3: 96, b1: 96, b2: 80, c1: 128 };
    for (const [name, value] of Object.entries(greys)) await writeFile(join(folder, `${name}.png`), await png(value));
    await writeFile(
      join(folder, 'labels.csv'),
      'file,patient,study,slice,pneumonia\n' +
        'a3.png,p,a,10,0\na1.png,p,a,2,0\na2.png,p,a,9,1\nb1.png,q,b,1,0\nb2.png,q,b,2,0\nc1.png,r,c,1,0\n',
    );
    const scores = join(folder, 'scores.csv');
    const { stdout } = await evaluate('--models', models, '--json', '--scores', scores);
    const report = JSON.parse(stdout) as Record<string, unknown>;
    expect(report['primary']).toMatchObject({ value: 1, n: 3, patients: 3 });
    expect(report['refusals']).toEqual({ refused: 1, byReason: { 'incomplete-volume': 1 } });
    const lines = (await readFile(scores, 'utf8')).trim().split('\n').slice(1);
    const cells = lines.map((line) => line.split(','));
    expect(cells.map(([name, refused]) => [name, refused])).toEqual([
      ['a', '0'],
      ['b', '0'],
      ['c', '1'],
    ]);
    [1, -2].forEach((logit, i) => expect(Number(cells[i]?.[3])).toBeCloseTo(1 / (1 + Math.exp(-logit)), 2));
  });

  it('refuses studies that the columns do not tell apart', async () => {
    const models = await modelOfStudies();
    await writeFile(join(folder, 'a.png'), await png(100));
    const head = 'file,patient,study,slice,pneumonia\n';
    await writeFile(join(folder, 'labels.csv'), 'file,patient,pneumonia\na.png,p,1\n');
    expect(await complaint('--models', models)).toMatch(/^2 .*has no column study, slice/);
    await writeFile(join(folder, 'labels.csv'), `${head}a.png,p,a,first,1\n`);
    expect(await complaint('--models', models)).toMatch(/^2 .*line 2: slice is "first", no number/);
    await writeFile(join(folder, 'labels.csv'), `${head}a.png,p,a,1,1\na.png,q,a,2,1\n`);
    expect(await complaint('--models', models)).toMatch(/^2 .*study a is of 2 patients/);
    await writeFile(join(folder, 'labels.csv'), `${head}a.png,p,a,1,1\na.png,p,a,1,1\n`);
    expect(await complaint('--models', models)).toMatch(/^2 .*study a has two images at one place/);
  });

  it('names what is wrong with the folder, and exits with 2', async () => {
    expect(await complaint()).toMatch(/^2 .*labels\.csv cannot be read/);
    await writeFile(join(folder, 'labels.csv'), 'file,patient,split\na.png,1,test\n');
    expect(await complaint()).toMatch(/^2 .*has no column pneumonia; it has file, patient, split/);
    await writeFile(join(folder, 'labels.csv'), 'file,patient,split,pneumonia\na.png,1,test,1\n');
    expect(await complaint('--split', 'val')).toMatch(/^2 .*has no row with split val/);
    expect(await complaint('--split', 'test')).toMatch(/^2 .*1 of 1 files are missing, the first: .*a\.png/);
    await writeFile(join(folder, 'labels.csv'), 'file,patient,split,pneumonia\na.png,1,test,yes\n');
    expect(await complaint()).toMatch(/^2 .*line 2: pneumonia is "yes", neither 0 nor 1/);
  });

  it('names a model that is not there', async () => {
    const refused = run(
      process.execPath,
      ['--import', 'tsx', 'tools/evaluate/evaluate.ts', 'nothing', '--data', folder],
      { cwd: repository },
    );
    await expect(refused).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/models\/nothing: model\.json cannot be read/),
    });
  });
});
