import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { APPS } from './apps.ts';
import { PartFailed } from './parts/part-failed.ts';
import { REPOSITORY } from './parts/repository.ts';

const PAGE = 'apps/reading-room/web';
const STAMP = join(REPOSITORY, 'dist', 'built-from');
const SOURCES = ['apps', 'libs', 'package-lock.json', 'nest-cli.json', 'rspack.config.mjs', 'tsconfig.json'];

/** Bundles the apps and the page where their sources changed since the last time; false when nothing had to be done. */
export async function buildApps(signal?: AbortSignal): Promise<boolean> {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    await addTo(hash, source);
  }
  const wanted = hash.digest('hex');
  const complete = APPS.every((app) => existsSync(join(REPOSITORY, 'dist/apps', app, 'main.js')));
  if (complete && (await readFile(STAMP, 'utf8').catch(() => '')) === wanted) {
    return false;
  }
  // Two at once: more would only share the same few processors and memory.
  const jobs = [...APPS.map((app) => ['nest', 'build', app]), ['vite', 'build', PAGE, '--logLevel', 'warn']];
  const work = async (): Promise<void> => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      await run(job, signal);
    }
  };
  await Promise.all([work(), work()]);
  await mkdir(join(REPOSITORY, 'dist'), { recursive: true });
  await writeFile(STAMP, wanted);
  return true;
}

async function addTo(hash: ReturnType<typeof createHash>, path: string): Promise<void> {
  const full = join(REPOSITORY, path);
  const entries = await readdir(full, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) {
    hash.update(path).update(await readFile(full));
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name !== 'node_modules' && !entry.name.endsWith('.spec.ts')) {
      await addTo(hash, join(path, entry.name));
    }
  }
}

async function run([tool = '', ...args]: string[], signal: AbortSignal | undefined): Promise<void> {
  const child = spawn(join(REPOSITORY, 'node_modules/.bin', tool), args, {
    cwd: REPOSITORY,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (output += String(chunk)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) {
    const lines = stripVTControlCharacters(output).trim().split('\n');
    const line = lines.find((text) => /error/i.test(text)) ?? lines.at(-1) ?? '';
    throw new PartFailed('Build', `${tool} ${args.join(' ')} failed: ${line.trim().slice(0, 200)}`);
  }
}
