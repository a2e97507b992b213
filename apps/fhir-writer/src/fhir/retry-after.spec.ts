import { describe, expect, it } from '@jest/globals';
import { retryAfterMs } from './retry-after.ts';

const now = Date.parse('2026-02-03T04:05:06Z');

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    ['7', 7_000],
    ['Tue, 03 Feb 2026 04:05:16 GMT', 10_000],
    ['Tue, 03 Feb 2026 04:00:00 GMT', 0],
    ['86400', 3_600_000],
    ['soon', undefined],
    [null, undefined],
  ])('%s is %s ms', (header, ms) => {
    expect(retryAfterMs(header, now)).toBe(ms);
  });
});
