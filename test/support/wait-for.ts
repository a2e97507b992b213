import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks until the answer is neither undefined nor false, and gives it back. A throw counts as "not yet"; after the timeout
 * its message is part of the error.
 */
export async function waitFor<T>(
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  {
    timeout = 30_000,
    interval = 100,
    what = 'the condition',
  }: { timeout?: number; interval?: number; what?: string } = {},
): Promise<T> {
  const end = Date.now() + timeout;
  let last = '';
  for (;;) {
    try {
      const answer = await condition();
      if (answer !== undefined && answer !== false) {
        return answer;
      }
    } catch (error) {
      last = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (Date.now() > end) {
      throw new Error(`${what} did not come true within ${timeout} ms${last}`);
    }
    await sleep(interval);
  }
}
