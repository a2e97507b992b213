import { describe, expect, it } from '@jest/globals';
import { RateLimit } from './rate-limit.ts';

describe('a rate limit', () => {
  it('gives each caller a moment of its own, evenly apart', async () => {
    const limit = new RateLimit(100);
    const from = performance.now();
    await Promise.all(Array.from({ length: 11 }, () => limit.wait(new AbortController().signal)));
    // Ten gaps of 10 ms; timers may fire a millisecond early.
    expect(performance.now() - from).toBeGreaterThanOrEqual(95);
  });

  it('ends the waiting of a caller whose time is up', async () => {
    const limit = new RateLimit(0.1);
    await limit.wait(new AbortController().signal);
    await expect(limit.wait(AbortSignal.timeout(10))).rejects.toThrow();
  });
});
