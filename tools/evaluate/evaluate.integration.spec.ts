import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
    expect(lines[0]).toEqual(['file', 'refused', 'reason', 'pneumonia']);
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
      stderr: expect.stringMatching(/models\/nothing\/model\.json cannot be read/),
    });
  });
});
