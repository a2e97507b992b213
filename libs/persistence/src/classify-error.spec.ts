import { describe, expect, it } from '@jest/globals';
import { QueryFailedError } from 'typeorm';
import { classifyError } from './classify-error.ts';

function driverError(code: string): Error {
  return Object.assign(new Error('driver'), { code });
}

describe('a thrown error', () => {
  it.each(['ECONNREFUSED', 'ECONNRESET', '57P01', '57P03', '08006', '40001', '40P01'])(
    'with code %s may be tried again',
    (code) => {
      expect(classifyError(driverError(code)).kind).toBe('unavailable');
      expect(classifyError(new QueryFailedError('select 1', [], driverError(code))).kind).toBe('unavailable');
    },
  );

  it.each(['23505', '22P02', '42P01', 'EEXIST'])('with code %s is a defect', (code) => {
    expect(classifyError(new QueryFailedError('select 1', [], driverError(code))).kind).toBe('defect');
  });

  it('of a mistake in the code is a defect, and anything may be thrown', () => {
    expect(classifyError(new TypeError('x is not a function')).kind).toBe('defect');
    expect(classifyError('a string')).toEqual({ kind: 'defect', message: 'a string' });
    expect(classifyError(undefined).kind).toBe('defect');
  });
});
