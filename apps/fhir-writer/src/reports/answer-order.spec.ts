import { describe, expect, it } from '@jest/globals';
import { compareAnswers } from './answer-order.ts';

describe('which of two answers counts', () => {
  it.each([
    [{ revision: 2, version: '1.0.0' }, { revision: 1, version: '9.0.0' }, 1, 'the higher revision'],
    [{ revision: 1, version: '1.10.0' }, { revision: 1, version: '1.9.9' }, 1, 'then the higher version, as numbers'],
    [{ revision: 1, version: '1.0.0' }, { revision: 1, version: '1.0.0' }, 0, 'the same is the same'],
  ])('%j against %j: %i (%s... %s)', (a, b, sign) => {
    expect(Math.sign(compareAnswers(a, b))).toBe(sign);
    expect(Math.sign(compareAnswers(b, a))).toBe(sign === 0 ? 0 : -sign);
  });
});
