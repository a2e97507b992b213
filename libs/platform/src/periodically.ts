import { describeError, type Logger } from './logger.ts';

/** A job repeated until it is stopped, never twice at once. */
export interface Repeating {
  stop(): Promise<void>;
}

/** Runs `job`, waits `everyMs`, runs it again. One that fails is logged and tried again: the database may come back. */
export function periodically(name: string, everyMs: number, log: Logger, job: () => Promise<unknown>): Repeating {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let wake: (() => void) | undefined;
  const running = (async (): Promise<void> => {
    while (!stopped) {
      await job().catch((error: unknown) => log.error('job-failed', { job: name, error: describeError(error) }));
      if (stopped) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
        timer = setTimeout(resolve, everyMs);
      });
    }
  })();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      wake?.();
      await running;
    },
  };
}
