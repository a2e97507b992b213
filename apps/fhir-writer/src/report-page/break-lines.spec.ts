import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { breakLines, cutToLine } from './break-lines.ts';

const widthOf = (text: string): number => text.length;

describe('lines of a paragraph', () => {
  it('are broken at spaces, and as full as they can be', () => {
    expect(breakLines('one two three four', 9, widthOf)).toEqual(['one two', 'three', 'four']);
    expect(breakLines('one two three four', 10, widthOf)).toEqual(['one two', 'three four']);
  });

  it('break a word that is wider than a line', () => {
    expect(breakLines('a abcdefgh b', 3, widthOf)).toEqual(['a', 'abc', 'def', 'gh', 'b']);
  });

  it('keep a letter and its accents together', () => {
    expect(breakLines('e\u0301e\u0301', 2, widthOf)).toEqual(['e\u0301', 'e\u0301']);
  });

  it('are never wider than they may be, and lose no character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'b', ' ') }),
        fc.integer({ min: 1, max: 9 }),
        (text, width) => {
          const lines = breakLines(text, width, widthOf);
          expect(lines.every((line) => line.length <= width)).toBe(true);
          expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
        },
      ),
    );
  });
});

describe('a text on one line', () => {
  it('is left as it is where it fits, and is cut visibly where it does not', () => {
    expect(cutToLine('abc def', 7, widthOf)).toBe('abc def');
    expect(cutToLine('abc def', 6, widthOf)).toBe('abc d…');
  });
});
