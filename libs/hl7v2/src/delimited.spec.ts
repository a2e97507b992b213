import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { composite, header, messageOf, plain, repetitions, segment, subcomponents, text } from './delimited.ts';
import { readMessage } from './read-message.ts';

/** Delimiters, escapes that are none, what ends a segment or an MLLP block, and everything else that is text. */
const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom('|', '^', '&', '~', '\\', '\r', '\n', '\v', '\x1c', '"', '\\X0D\\', '\\.br\\', 'MSH|', 'ä', '💀'),
    fc.string({ unit: 'grapheme', maxLength: 2 }),
  ),
});

/** Line breaks are told as such, whichever they were. */
const lines = (value: string): string => value.replaceAll(/\r\n|\r/g, '\n');

const header251 = header({ 9: composite('ORU', 'R01', 'ORU_R01'), 12: text('2.5.1') });

describe('a text in a field', () => {
  it('comes back as it was, whatever it holds, and touches no neighbour', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, (one, other, third) => {
        const message = messageOf([
          header251,
          segment('OBX', {
            3: composite(one, other),
            5: repetitions(text(third), subcomponents(other, one)),
            7: text('7'),
          }),
          segment('NTE', { 3: text(one) }),
        ]);
        const read = readMessage(message);
        expect(read?.segments.map(({ name }) => name)).toEqual(['MSH', 'OBX', 'NTE']);
        const obx = read?.first('OBX');
        const filled = (value: string): string | undefined => (value === '' ? undefined : lines(value));
        expect([obx?.text(3), obx?.text(3, 2)]).toEqual([filled(one), filled(other)]);
        expect(obx?.text(7)).toBe('7');
        expect(obx?.text(5)).toBe(filled(third));
        expect(read?.first('NTE')?.text(3)).toBe(filled(one));
      }),
      { numRuns: 500 },
    );
  });

  it('never holds a control character, so that it ends neither segment nor block', () => {
    fc.assert(
      fc.property(hostile, (value) => {
        expect(text(value)).not.toMatch(/[\p{Cc}--[\u{80}-\u{9f}]]/v);
      }),
    );
  });

  it('has its line breaks in a form that receivers show', () => {
    expect(text('one\ntwo\r\nthree\rfour')).toBe(String.raw`one\.br\two\.br\three\.br\four`);
  });

  it('is not taken for "delete what you hold" where it is two quotes', () => {
    expect(text('""')).not.toBe('""');
    expect(plain(text('""'))).toBe('""');
  });

  it.each([
    [String.raw`a\F\b\S\c\T\d\R\e\E\f`, 'a|b^c&d~e\\f'],
    [String.raw`one\.br\two\X0D0A\three`, 'one\ntwo\r\nthree'],
    [String.raw`\XC3A4\ and \H\bold\N\ and \Zdt\ `, String.raw`ä and bold and \Zdt\ `],
    [String.raw`C:\temp`, String.raw`C:\temp`],
  ])('%s is read as %j', (sent, meant) => {
    expect(plain(sent)).toBe(meant);
  });
});

describe('a message', () => {
  it('leaves out what is empty at the end of segments and fields, and ends each segment in a carriage return', () => {
    expect(messageOf([segment('PID', { 3: composite('7', undefined, undefined), 5: text('x'), 9: undefined })])).toBe(
      'PID|||7||x\r',
    );
  });

  it('is read by the delimiters that its header states', () => {
    const read = readMessage('MSH#*%$@#APP*1@2\rPID#1##A*B%C\r');
    expect(read?.first('MSH')?.field(3)).toEqual([[['APP'], ['1', '2']]]);
    expect(read?.first('PID')?.field(3)).toEqual([[['A'], ['B']], [['C']]]);
    expect(read?.first('MSH')?.text(1)).toBe('#');
  });

  it.each(['', 'PID|1', 'MSH', 'MSH|^~', 'GET / HTTP/1.1'])('%j is none', (value) => {
    expect(readMessage(value)).toBeUndefined();
  });
});
