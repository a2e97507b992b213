import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PartFailed } from './part-failed.ts';
import { REPOSITORY } from './repository.ts';

export type JavaProject = 'fhir-server' | 'hl7-peer' | 'kafka';

const run = promisify(execFile);

const NAMES: Readonly<Record<JavaProject, string>> = {
  'fhir-server': 'FHIR server',
  'hl7-peer': 'HL7 peer',
  kafka: 'Kafka',
};

const OLDEST_JAVA = 17;

/** Runs Maven only when the project's own files changed since the last build; answers its `target` directory. */
export async function buildJava(project: JavaProject, signal?: AbortSignal): Promise<string> {
  await requireJava(NAMES[project]);
  const home = join(REPOSITORY, 'tools/sandbox', project);
  const target = join(home, 'target');
  const wanted = await hashOf([join(home, 'pom.xml'), join(home, 'src')]);
  const stampFile = join(target, 'built-from');
  const isBuilt = async (): Promise<boolean> => (await readFile(stampFile, 'utf8').catch(() => '')) === wanted;
  if (await isBuilt()) {
    return target;
  }
  await mkdir(target, { recursive: true });
  await withLock(join(target, 'building.lock'), async () => {
    if (!(await isBuilt())) {
      // Maven adds to the folder: the jar of an earlier version beside a newer one would be loaded first.
      await rm(join(target, 'lib'), { recursive: true, force: true });
      await runMaven(project, home, signal);
      await writeFile(stampFile, wanted);
    }
  });
  return target;
}

async function runMaven(project: JavaProject, home: string, signal: AbortSignal | undefined): Promise<void> {
  const logFile = join(home, 'target/maven.log');
  const log = await open(logFile, 'w');
  const code = await new Promise<number | null>((resolve, reject) => {
    const maven = spawn('mvn', ['-q', '-B', '-ntp', 'package'], {
      cwd: home,
      stdio: ['ignore', log.fd, log.fd],
      ...(signal === undefined ? {} : { signal }),
    });
    maven.once('error', reject);
    maven.once('exit', resolve);
  })
    .catch((error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? 'Maven (mvn) is not installed' : `Maven could not run: ${error.message}`;
      signal?.throwIfAborted();
      throw new PartFailed(NAMES[project], reason);
    })
    .finally(() => log.close());
  if (code !== 0) {
    const text = await readFile(logFile, 'utf8');
    const first = text.split('\n').find((line) => line.includes('ERROR')) ?? 'no reason given';
    throw new PartFailed(
      NAMES[project],
      `Maven could not build it: ${first.replace(/^.*?ERROR[^A-Za-z]*/, '').slice(0, 200)}`,
      logFile,
    );
  }
}

async function hashOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    const entry = await stat(path).catch(() => undefined);
    if (entry?.isDirectory() === true) {
      const inside = (await readdir(path)).sort().map((name) => join(path, name));
      hash.update(await hashOf(inside));
    } else if (entry !== undefined) {
      hash.update(path.slice(REPOSITORY.length)).update(await readFile(path));
    }
  }
  return hash.digest('hex');
}

/** Tests in several processes may want the same project at once: one builds, the others wait. */
async function withLock(file: string, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await (await open(file, 'wx')).close();
      break;
    } catch {
      const age = Date.now() - ((await stat(file).catch(() => undefined))?.mtimeMs ?? Date.now());
      if (age > 900_000) {
        await rm(file, { force: true });
      }
      await sleep(500);
    }
  }
  try {
    await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** One line that says what to install, in place of whatever a missing program would say deep below. */
export async function requireJava(part: string): Promise<void> {
  const text = await run('java', ['-version']).then(
    ({ stderr }) => stderr,
    () => undefined,
  );
  const version = /version "(\d+)/.exec(text ?? '')?.[1];
  if (version === undefined) {
    throw new PartFailed(part, `Java is not installed; it needs a JDK ${OLDEST_JAVA} or newer`);
  }
  if (Number(version) < OLDEST_JAVA) {
    throw new PartFailed(part, `Java ${version} is too old; it needs a JDK ${OLDEST_JAVA} or newer`);
  }
}
