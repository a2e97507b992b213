import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { guardGroup, releaseGroup } from './orphan-guard.ts';
import { PartFailed } from './part-failed.ts';
import { isListening, processesListeningOn, requireFreePort } from './ports.ts';
import { forgetChild, noteChild, sendToGroup } from './stale-children.ts';

export interface ChildSpec {
  /** How people know it: "Kafka", "xray-worker". */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  readonly user?: { readonly uid: number; readonly gid: number };
  /** stdout and stderr, appended. */
  readonly logFile: string;
  /** The sandbox directory, where running children are noted for the next start. */
  readonly directory: string;
  /** Ports that must be free before and belong to this child afterwards. */
  readonly ports: readonly number[];
  /** Beyond listening: asked until true. */
  readonly isReady?: () => Promise<boolean>;
  readonly deadlineMs?: number;
  /** How long SIGTERM may take before SIGKILL. */
  readonly graceMs?: number;
  /** Gives up starting at once: another part has failed, or somebody pressed Ctrl-C. */
  readonly signal?: AbortSignal | undefined;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** We asked for it: by stop or kill. */
  readonly asked: boolean;
}

/** A process of ours in a process group of its own, so that Ctrl-C reaches only us and we end our children in order. */
export class Child {
  private process: ChildProcess | undefined;
  private group = 0;
  private asked = false;
  private readyOnce = false;
  private exit: Promise<Exit> = Promise.resolve({ code: null, signal: null, asked: true });
  private readonly listeners: ((exit: Exit) => void)[] = [];

  constructor(readonly spec: ChildSpec) {}

  static async start(spec: ChildSpec): Promise<Child> {
    const child = new Child(spec);
    await child.start();
    return child;
  }

  get name(): string {
    return this.spec.name;
  }

  get logFile(): string {
    return this.spec.logFile;
  }

  get pid(): number {
    return this.group;
  }

  /** The process that runs, or ran last, had been ready. */
  get wasReady(): boolean {
    return this.readyOnce;
  }

  get isRunning(): boolean {
    return this.process !== undefined;
  }

  /** Settles when the process that runs now has ended. */
  get exited(): Promise<Exit> {
    return this.exit;
  }

  /** Called at every end of the process, asked for or not. */
  onExit(listener: (exit: Exit) => void): void {
    this.listeners.push(listener);
  }

  /** Starts it (again) on the same ports and waits until it is ready; throws {@link PartFailed} otherwise. */
  async start(deadlineMs = this.spec.deadlineMs ?? 60_000): Promise<void> {
    this.spec.signal?.throwIfAborted();
    await Promise.all(this.spec.ports.map((port) => requireFreePort(this.name, port)));
    const logStart = this.spawn();
    try {
      await this.waitUntilReady(deadlineMs);
      this.readyOnce = true;
    } catch (error) {
      await this.kill('SIGKILL');
      throw error instanceof PartFailed ? explain(error, this.spec, logStart) : error;
    }
  }

  async stop(): Promise<void> {
    if (this.process === undefined) {
      return;
    }
    this.asked = true;
    sendToGroup(this.group, 'SIGCONT');
    sendToGroup(this.group, 'SIGTERM');
    const graceful = await Promise.race([
      this.exit.then(() => true),
      sleep(this.spec.graceMs ?? 10_000, false, { ref: false }),
    ]);
    if (!graceful) {
      sendToGroup(this.group, 'SIGKILL');
    }
    await this.exit;
  }

  /** Ends it at once, whatever it is doing, as a crash would. Its own helpers (PostgreSQL's backends) go with it. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.process === undefined) {
      return;
    }
    this.asked = true;
    sendToGroup(this.group, signal);
    await this.exit;
  }

  /** The process stands still (SIGSTOP): connections stay open, nothing answers. */
  pause(): void {
    sendToGroup(this.group, 'SIGSTOP');
  }

  resume(): void {
    sendToGroup(this.group, 'SIGCONT');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  private spawn(): number {
    const { spec } = this;
    mkdirSync(dirname(spec.logFile), { recursive: true });
    const log = openSync(spec.logFile, 'a');
    const logStart = statSync(spec.logFile).size;
    const child = spawn(spec.command, spec.args, {
      cwd: spec.workingDirectory,
      env: { ...process.env, ...spec.environment },
      stdio: ['ignore', log, log],
      detached: true,
      ...spec.user,
    });
    closeSync(log);
    this.asked = false;
    this.readyOnce = false;
    this.process = child;
    this.group = child.pid ?? 0;
    if (child.pid !== undefined) {
      guardGroup(child.pid);
      noteChild(spec.directory, spec.name, child.pid);
    }
    this.exit = new Promise((resolve) => {
      const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
        if (this.process !== child) {
          return;
        }
        this.process = undefined;
        if (child.pid !== undefined) {
          // What it started itself must not stay either.
          sendToGroup(child.pid, 'SIGKILL');
          releaseGroup(child.pid);
          forgetChild(spec.directory, child.pid);
        }
        const exit = { code, signal, asked: this.asked };
        resolve(exit);
        for (const listener of this.listeners) {
          listener(exit);
        }
      };
      child.once('exit', ended);
      child.once('error', () => ended(127, null));
    });
    return logStart;
  }

  private async waitUntilReady(deadlineMs: number): Promise<void> {
    const end = Date.now() + deadlineMs;
    const waiting = new Set(this.spec.ports);
    while (Date.now() < end) {
      this.spec.signal?.throwIfAborted();
      if (this.process === undefined) {
        const { code, signal } = await this.exit;
        throw new PartFailed(this.name, `ended while starting (${signal ?? `exit code ${code}`})`, this.logFile);
      }
      for (const port of waiting) {
        if ((await isListening(port)) && (await this.owns(port))) {
          waiting.delete(port);
        }
      }
      if (waiting.size === 0 && (this.spec.isReady === undefined || (await this.spec.isReady().catch(() => false)))) {
        return;
      }
      await sleep(100);
    }
    throw new PartFailed(this.name, `not ready after ${deadlineMs / 1000} s`, this.logFile);
  }

  /** A listener that is not ours would be tested, or sent studies, in place of ours. */
  private async owns(port: number): Promise<boolean> {
    const holders = await processesListeningOn(port);
    if (holders.length === 0) {
      // No /proc to ask: the port was free when we looked and the child lives.
      return true;
    }
    if (holders.some((holder) => holder.group === this.group)) {
      return true;
    }
    throw new PartFailed(this.name, `port ${port} was taken by process ${holders[0]?.pid} (${holders[0]?.command})`);
  }
}

/** Says what the log says, where it is one of the ends that people meet. */
function explain(error: PartFailed, spec: ChildSpec, logStart: number): PartFailed {
  const tail = readTail(spec.logFile, logStart);
  if (/No space left on device|ENOSPC/i.test(tail)) {
    return new PartFailed(error.part, 'no space left on the disk', spec.logFile);
  }
  return error;
}

/** At most the last 64 KiB of what was written since `start`. */
export function readTail(file: string, start = 0): string {
  try {
    const { size } = statSync(file);
    const from = Math.max(start, size - 65_536);
    const buffer = Buffer.alloc(Math.max(0, size - from));
    const descriptor = openSync(file, 'r');
    readSync(descriptor, buffer, 0, buffer.length, from);
    closeSync(descriptor);
    return buffer.toString('utf8');
  } catch {
    return '';
  }
}
