import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PartFailed } from './part-failed.ts';

/**
 * One small file per running child below `<directory>/running/`, so that the next start of the same sandbox finds what an
 * earlier one could not stop. A number alone may have been given to another process: the start time tells them apart.
 */
interface Running {
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
  const file = join(directory, 'owner.json');
  try {
    const owner = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; startedAt: string };
    if (owner.startedAt !== '' && owner.startedAt === startTimeOf(readStat(owner.pid))) {
      throw new PartFailed('Sandbox', `already runs in ${directory} (process ${owner.pid})`);
    }
  } catch (error) {
    if (error instanceof PartFailed) {
      throw error;
    }
  }
  mkdirSync(directory, { recursive: true });
  writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt: startTimeOf(readStat(process.pid)) }));
}

export function leaveDirectory(directory: string): void {
  rmSync(join(directory, 'owner.json'), { force: true });
}

/** Stops what an earlier start left behind; answers the names of what it stopped. */
export async function stopStaleChildren(directory: string): Promise<string[]> {
  const stopped: string[] = [];
  const files = await readdir(join(directory, 'running')).catch(() => []);
  for (const file of files) {
    const text = await readFile(join(directory, 'running', file), 'utf8').catch(() => '{}');
    const running = JSON.parse(text) as Partial<Running>;
    if (
      running.pid !== undefined &&
      running.startedAt !== '' &&
      running.startedAt === startTimeOf(readStat(running.pid))
    ) {
      await stopGroup(running.pid);
      stopped.push(running.name ?? 'unnamed');
    }
    rmSync(join(directory, 'running', file), { force: true });
  }
  return stopped;
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
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return '';
  }
}

/** Clock ticks from boot to the start of the process (proc_pid_stat(5), field 22); '' where it cannot be known. */
function startTimeOf(stat: string): string {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
