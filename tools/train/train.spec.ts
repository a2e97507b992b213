import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type TemporaryDirectory, temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { readRequest, type Request } from './read-request.ts';
import { train } from './run-recipe.ts';

const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();

const recipe = `
from pathlib import Path

from kit.recipe import Recipe, Step, main

main(
    Recipe(
        Path(__file__).parent,
        "1.2.0",
        (
            Step("fit", "paper_reader.fit:main", "fits a line", "train"),
            Step("check", "paper_reader.check:main", "checks it", "val"),
            Step("seal", "paper_reader.seal:main", "seals it", "nothing"),
        ),
    )
)
`;

describe('npm run train', () => {
  let directory: TemporaryDirectory;
  let said: string[];

  beforeEach(async () => {
    directory = await temporaryDirectory('train');
    said = [];
    const folder = join(directory.path, 'paper_reader');
    await mkdir(folder);
    const write = (name: string, text: string) => writeFile(join(folder, name), text);
    await write('__main__.py', recipe);
    for (const step of ['fit', 'check', 'seal'])
      await write(`${step}.py`, `def main(run):\n    print("${step}", run.version, run.data.name)\n`);
  });

  afterEach(() => directory.remove());

  function run(asked: Partial<Request> = {}): Promise<number> {
    const request: Request = {
      model: 'paper-reader',
      data: join(directory.path, 'set'),
      sets: directory.path,
      version: undefined,
      from: undefined,
      dryRun: false,
      ...asked,
    };
    return train(request, {
      recipes: directory.path,
      models: join(directory.path, 'models'),
      python: async () => ({
        kind: 'ready',
        bin: (program) => join(dirname(python), program.replace('python', 'python3')),
      }),
      say: (line) => said.push(line.replace(/[\d.]+ s$/, '0 s')),
      complain: (line) => said.push(line),
    });
  }

  const log = (step: string) => join(directory.path, 'models/paper-reader/logs', `${step}.log`);

  it('runs the steps in order, each with its log', async () => {
    expect(await run({ version: '2.0.0' })).toBe(0);
    expect(said.filter((line) => line.startsWith('✔'))).toEqual(['✔ fit: 0 s', '✔ check: 0 s', '✔ seal: 0 s']);
    expect(await readFile(log('check'), 'utf8')).toBe('check 2.0.0 set\n');
  });

  it('goes on from a step', async () => {
    expect(await run({ from: 'check' })).toBe(0);
    expect(existsSync(log('fit'))).toBe(false);
    expect(await readFile(log('seal'), 'utf8')).toBe('seal 1.2.0 set\n');
  });

  it('stops at the first step that fails and says how to go on', async () => {
    await writeFile(join(directory.path, 'paper_reader/check.py'), 'def main(run):\n    raise SystemExit("no val")\n');
    expect(await run()).toBe(1);
    expect(said.at(-1)).toBe(
      `train: check failed; what it printed is in ${log('check')}. To go on from it: --from check`,
    );
    expect(existsSync(log('seal'))).toBe(false);
  });

  it('names the steps in a dry run and runs none', async () => {
    expect(await run({ dryRun: true, from: 'check' })).toBe(0);
    expect(said).toEqual([
      'paper-reader 1.2.0',
      '1. fit: fits a line (reads train), left out',
      '2. check: checks it (reads val)',
      '3. seal: seals it (reads nothing)',
    ]);
    expect(existsSync(join(directory.path, 'models'))).toBe(false);
  });

  it.each([
    [{ model: 'other' }, 'train: no recipe for other; there are: paper-reader'],
    [{ from: 'cook' }, 'train: no step cook; there are: fit, check, seal'],
  ])('refuses %j with the list of what there is', async (asked, line) => {
    expect(await run(asked)).toBe(2);
    expect(said).toEqual([line]);
  });
});

describe('readRequest', () => {
  it('takes the folder the data is in for the other sets', () => {
    expect(readRequest(['reader', '--data', '/sets/cxr'])).toEqual({
      model: 'reader',
      data: '/sets/cxr',
      sets: '/sets',
      version: undefined,
      from: undefined,
      dryRun: false,
    });
  });

  it.each([
    [['--data', '/a'], 'name one model'],
    [['a', 'b', '--data', '/a'], 'name one model'],
    [['a'], '--data is missing'],
    [['a', '--data', '/a', '--version', '2'], '--version 2 is not MAJOR.MINOR.PATCH'],
  ])('%j: one line says what is wrong', (args, line) => {
    expect(readRequest(args)).toBe(line);
  });
});
