import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PartFailed } from './part-failed.ts';

/**
 * One small file per running child below `<directory>/running/`, so that the next start of the same sandbox finds what an
 * earlier one could not stop. A number alone may have been given to another process: the start time tells them apart.
 */
export interface Running {
  readonly name: string;
  readonly pid: number;
  readonly startedAt: string;
}

export function noteChild(directory: string, name: string, pid: number): void {
  mkdirSync(join(directory, 'running'), { recursive: true });
  const startedAt = startTimeOf(readStat(pid));
  writeFileSync(join(directory, 'running', `${pid}.json`), JSON.stringify({ name, pid, startedAt } satisfies Running));
}

export function forgetChild(directory: string, pid: number): void {
  rmSync(join(directory, 'running', `${pid}.json`), { force: true });
}

/** One sandbox per directory: two would write the same data. Throws where the process that runs it is alive. */
export function claimDirectory(directory: string): void {
  refuseSecondOwner(directory);
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    ownerFile(directory),
    JSON.stringify({ pid: process.pid, startedAt: startTimeOf(readStat(process.pid)) }),
  );
}

export function refuseSecondOwner(directory: string): void {
  const owner = parse(readOr(ownerFile(directory), '{}'));
  if (owner !== undefined && owner.pid !== process.pid && isAlive(owner)) {
    throw new PartFailed('Sandbox', `already runs in ${directory} (process ${owner.pid})`);
  }
}

export function leaveDirectory(directory: string): void {
  rmSync(ownerFile(directory), { force: true });
}

/** What an earlier start left running below a sandbox's directory, wherever its parts noted it. */
export async function staleChildren(directory: string): Promise<Running[]> {
  return (await notesBelow(directory)).flatMap(({ running }) =>
    running !== undefined && isAlive(running) ? [running] : [],
  );
}

/** Stops what an earlier start left behind; answers the names of what it stopped. */
export async function stopStaleChildren(directory: string): Promise<string[]> {
  const stopped: string[] = [];
  for (const { file, running } of await notesBelow(directory)) {
    if (running !== undefined && isAlive(running)) {
      await stopGroup(running.pid);
      stopped.push(running.name);
    }
    rmSync(file, { force: true });
  }
  return stopped;
}

async function notesBelow(directory: string): Promise<{ file: string; running: Running | undefined }[]> {
  const places = [directory, ...(await readdir(directory).catch(() => [])).map((name) => join(directory, name))];
  const notes: { file: string; running: Running | undefined }[] = [];
  for (const place of places) {
    for (const name of await readdir(join(place, 'running')).catch(() => [])) {
      const file = join(place, 'running', name);
      notes.push({ file, running: parse(readOr(file, '{}')) });
    }
  }
  return notes;
}

function ownerFile(directory: string): string {
  return join(directory, 'owner.json');
}

function parse(text: string): Running | undefined {
  try {
    const { name = 'unnamed', pid, startedAt } = JSON.parse(text) as Partial<Running>;
    return pid === undefined || startedAt === undefined ? undefined : { name, pid, startedAt };
  } catch {
    return undefined;
  }
}

/** The very process that was noted; where the start time cannot be known, nothing is. */
function isAlive({ pid, startedAt }: Running): boolean {
  return startedAt !== '' && startedAt === startTimeOf(readStat(pid));
}

async function stopGroup(group: number): Promise<void> {
  for (const [signal, patience] of [
    ['SIGTERM', 10_000],
    ['SIGKILL', 2000],
  ] as const) {
    if (!sendToGroup(group, signal)) {
      return;
    }
    const end = Date.now() + patience;
    while (Date.now() < end) {
      if (!sendToGroup(group, 0)) {
        return;
      }
      await sleep(50);
    }
  }
}

/** False when nobody is left in the group. */
export function sendToGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}

function readStat(pid: number): string {
  return readOr(`/proc/${pid}/stat`, '');
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return otherwise;
  }
}

/** Clock ticks from boot to the start of the process (proc_pid_stat(5), field 22); '' where it cannot be known. */
function startTimeOf(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
