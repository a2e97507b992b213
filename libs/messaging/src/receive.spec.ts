import { describe, expect, it } from '@jest/globals';
import { backOff } from './receive.ts';

const policy = { attempts: 10, baseMs: 1_000, capMs: 60_000 };

describe('the wait before another try', () => {
  it('doubles from the base up to the cap', () => {
    expect([1, 2, 3, 4].map((attempt) => backOff(policy, attempt, 0.999_999))).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(backOff(policy, 40, 0.999_999)).toBe(60_000);
  });

  it('is spread over its upper half, so that a crowd does not return together', () => {
    expect(backOff(policy, 3, 0)).toBe(2_000);
    expect(backOff(policy, 3, 0.5)).toBe(3_000);
  });
});
