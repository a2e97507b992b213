import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

interface Running {
  pid: string;
  parent: string;
}

/**
 * Gives processes, with what they started and will start, the first half of the processors, and this one with all else that it started
 * the other half: in a hospital they stand on different machines. Gives back how many theirs are; undefined where they share what there
 * is (a single processor, or no `taskset`).
 */
export async function ownProcessors(servers: readonly number[]): Promise<number | undefined> {
  const threads = availableParallelism();
  const half = Math.floor(threads / 2);
  if (half === 0) return undefined;
  try {
    const all = await running();
    const theirs = servers.flatMap((pid) => descendants(all, String(pid)));
    const ours = descendants(all, String(process.pid)).filter((one) => !theirs.includes(one));
    for (const { pid } of theirs) await pin(pid, `0-${half - 1}`);
    for (const { pid } of ours) await pin(pid, `${half}-${threads - 1}`);
    return half;
  } catch {
    return undefined;
  }
}

async function running(): Promise<Running[]> {
  const { stdout } = await run('ps', ['-eo', 'pid=,ppid=']);
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent] = /^\s*(\d+)\s+(\d+)\s*$/.exec(line) ?? [];
    return pid === undefined || parent === undefined ? [] : [{ pid, parent }];
  });
}

function descendants(all: readonly Running[], pid: string): Running[] {
  return all.flatMap((one) => {
    if (one.pid === pid) return [one];
    return one.parent === pid ? descendants(all, one.pid) : [];
  });
}

/** Every thread of it; one that has ended meanwhile needs no processor. */
async function pin(pid: string, processors: string): Promise<void> {
  await run('taskset', ['-a', '-c', '-p', processors, pid]).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw error;
  });
}
