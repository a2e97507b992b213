import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

interface Running {
  pid: string;
  parent: string;
  command: string;
}

/**
 * Gives a FHIR server and the backends of its database the first half of the processors, and this process with all else that it
 * started the other half: in a hospital they stand on different machines. Gives back how many the server has; undefined where they
 * share what there is (a single processor, or no `taskset`).
 */
export async function ownProcessors(server: { pid: number; database: string }): Promise<number | undefined> {
  const threads = availableParallelism();
  const half = Math.floor(threads / 2);
  if (half === 0) return undefined;
  try {
    const all = await running();
    const theirs = all.filter(
      ({ pid, command }) => pid === String(server.pid) || isBackendOf(command, server.database),
    );
    const ours = descendants(all, String(process.pid)).filter((one) => !theirs.includes(one));
    for (const { pid } of theirs) await pin(pid, `0-${half - 1}`);
    for (const { pid } of ours) await pin(pid, `${half}-${threads - 1}`);
    return half;
  } catch {
    return undefined;
  }
}

async function running(): Promise<Running[]> {
  const { stdout } = await run('ps', ['-eo', 'pid=,ppid=,args=']);
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || parent === undefined || command === undefined ? [] : [{ pid, parent, command }];
  });
}

/** As PostgreSQL titles them: `postgres: user database host(port) state`. */
function isBackendOf(command: string, database: string): boolean {
  const [title, , name] = command.split(/\s+/);
  return title === 'postgres:' && name === database;
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
