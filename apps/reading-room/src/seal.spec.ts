import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Seal } from './seal.ts';

describe('a seal', () => {
  const seal = new Seal(randomBytes(32));

  it('opens what it closed, for the same purpose only', () => {
    const closed = seal.close('session', { a: 1 });
    expect(seal.open('session', closed)).toEqual({ a: 1 });
    expect(seal.open('sign-in', closed)).toBeUndefined();
    expect(new Seal(randomBytes(32)).open('session', closed)).toBeUndefined();
  });

  it('opens nothing of which any byte was changed', () => {
    const closed = Buffer.from(seal.close('session', { a: 1 }), 'base64url');
    for (let at = 0; at < closed.length; at += 1) {
      const changed = Buffer.from(closed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(seal.open('session', changed.toString('base64url'))).toBeUndefined();
    }
    expect(seal.open('session', '')).toBeUndefined();
  });

  it('refuses a key too short to be one', () => {
    expect(() => new Seal(randomBytes(16))).toThrow('32 bytes');
  });
});
