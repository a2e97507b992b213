import { Worker } from 'node:worker_threads';

/** The signal a process of ours ends itself by when it needs more memory than it was given. */
export const outOfMemorySignal = 'SIGUSR2';

/** Often enough that little more than the limit is ever taken. */
const lookEveryMs = 50;

/**
 * Ties a forked process to its parent: it ends when the parent does, and when it needs more than `memoryLimitBytes`. Native code sees
 * no message, so a thread of its own looks. When to stop is the parent's to say: a terminal's signal goes to the whole group.
 */
export function liveWithParent(memoryLimitBytes: number): void {
  process.on('disconnect', () => process.exit(0));
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  const watch = `const parent = ${process.ppid};
    setInterval(() => {
      if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
      if (process.memoryUsage.rss() > ${memoryLimitBytes}) process.kill(process.pid, '${outOfMemorySignal}');
    }, ${lookEveryMs});`;
  new Worker(watch, { eval: true, execArgv: [] }).unref();
}
