import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { root, type Command } from './steps.ts';

export interface Ending {
  /** Exit status; undefined where the command had to be ended or could not be started. */
  code: number | undefined;
  /** What it said, where it was kept back. */
  output: string;
  /** True where it had written its result and still would not end. */
  hung: boolean;
}

export interface Running {
  env?: Record<string, string>;
  /** Shown as it comes, or kept until it is asked for. */
  show: boolean;
  limitMs: number;
  /** Once this file is there, the command has `lingerMs` to end (30 s unless told). */
  result?: string;
  lingerMs?: number;
}

/** Runs a command as a process group of its own, so that what it leaves behind can be ended with it. */
export async function runCommand([program, ...args]: Command, running: Running): Promise<Ending> {
  const { show, limitMs, result, env, lingerMs = 30_000 } = running;
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    detached: true,
  });
  const said: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => said.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => said.push(chunk));

  let hung = false;
  const end = (): void => {
    hung = true;
    if (child.pid !== undefined) endGroup(child.pid);
  };
  const limit = setTimeout(end, limitMs);
  const linger = watchFor(result, () => setTimeout(end, lingerMs));
  const forward = (): void => {
    end();
    process.exit(130);
  };
  process.once('SIGINT', forward);
  process.once('SIGTERM', forward);

  const code = await new Promise<number | undefined>((resolve) => {
    child.once('error', (error) => {
      said.push(Buffer.from(`${program}: ${error.message}\n`));
      resolve(undefined);
    });
    child.once('close', (status) => resolve(status ?? undefined));
  });
  clearTimeout(limit);
  linger.stop();
  process.off('SIGINT', forward);
  process.off('SIGTERM', forward);
  return { code, output: Buffer.concat(said).toString(), hung };
}

function watchFor(path: string | undefined, seen: () => NodeJS.Timeout): { stop: () => void } {
  let pending: NodeJS.Timeout | undefined;
  const look = setInterval(() => {
    if (path === undefined || pending !== undefined || !existsSync(path)) return;
    pending = seen();
  }, 1_000);
  return {
    stop: () => {
      clearInterval(look);
      clearTimeout(pending);
    },
  };
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Ended by itself in the meantime.
  }
}
