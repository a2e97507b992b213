import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decimalString } from './decimal-string.ts';

describe('a decimal string', () => {
  it('fits, reads as a number close by, and says whether it is the number itself', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const { text, exact } = decimalString(value);
        expect(text).toMatch(/^[-+0-9.eE]{1,16}$/);
        expect(exact).toBe(Object.is(Number(text), value));
        expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(Math.abs(value) * 1e-7);
      }),
    );
  });

  it.each([
    [0.25, '0.25', true],
    [10 / 3, '3.33333333333333', false],
    [0.1 + 0.2, '0.3', false],
    [Number.MAX_VALUE, '1.79769313e+308', false],
    [-0, '0', false],
    [1e-300, '1e-300', true],
  ])('of %d is %s', (value, text, exact) => {
    expect(decimalString(value)).toEqual({ text, exact });
  });
});
