import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand, type Ending } from './run-command.ts';
import type { Command } from './steps.ts';

/** A Python of its own with pinned packages, or one line that says what to install. */
export type PythonEnvironment = { kind: 'ready'; bin: (program: string) => string } | { kind: 'missing'; line: string };

const limitMs = 15 * 60_000;

/** Made in `folder` on first use, from files of pinned requirements, and again when one of them has changed. */
export async function pythonEnvironment(folder: string, requirements: readonly string[]): Promise<PythonEnvironment> {
  const wanted = (await Promise.all(requirements.map((file) => readFile(file, 'utf8')))).join('');
  const stamp = join(folder, 'requirements.txt');
  const ready: PythonEnvironment = { kind: 'ready', bin: (program) => join(folder, 'bin', program) };
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return ready;
  await rm(folder, { recursive: true, force: true });
  const missing = await makeEnvironment(folder);
  if (missing !== undefined) return { kind: 'missing', line: missing };
  const files = requirements.flatMap((file) => ['--requirement', file]);
  const pip = join(folder, 'bin/pip');
  const installed = await run([pip, 'install', '--quiet', '--disable-pip-version-check', ...files]);
  if (installed.code !== 0) return { kind: 'missing', line: `pip cannot install ${wanted}\n${installed.output}` };
  await writeFile(stamp, wanted);
  return ready;
}

async function makeEnvironment(folder: string): Promise<string | undefined> {
  const make: Command = ['python3', '-m', 'venv', folder];
  if ((await run(make)).code === 0) return undefined;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    console.error('installing python3-venv with apt-get');
    await run(['apt-get', 'update', '-qq']);
    await run(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'python3', 'python3-venv']);
    if ((await run(make)).code === 0) return undefined;
  }
  return 'Python 3.11 or later with venv is missing: install python3 and python3-venv (Debian: apt-get install python3-venv)';
}

function run(command: Command): Promise<Ending> {
  return runCommand(command, { show: false, limitMs });
}
