import { describe, expect, it } from '@jest/globals';
import { decodeMessage } from './decode-message.ts';

const message = (charset: string): string =>
  `MSH|^~\\&|A|B|C|D|||ADT^A08|1|P|2.5.1||||||${charset}\rPID|||7||MÜLLER^Zoë\r`;

describe('the text of a message', () => {
  it.each<[string, BufferEncoding]>([
    ['UNICODE UTF-8', 'utf8'],
    ['8859/1', 'latin1'],
    ['8859/1~UNICODE UTF-8', 'latin1'],
    ['', 'utf8'],
    ['', 'latin1'],
    ['ISO IR87', 'latin1'],
    ['UNICODE UTF-8', 'latin1'],
  ])('says %j and comes in %s', (charset, encoding) => {
    expect(decodeMessage(Buffer.from(message(charset), encoding))).toBe(message(charset));
  });

  it('is by the delimiters that its header states', () => {
    const text = 'MSH#^~\\&#A#B#C#D###ADT^A08#1#P#2.5.1######8859/5\rPID###7##Ж\r';
    const bytes = Buffer.concat([Buffer.from(text.split('Ж')[0] ?? ''), Buffer.of(0xb6), Buffer.from('\r')]);
    expect(decodeMessage(bytes)).toBe(text);
  });

  it('is something, whatever the bytes are', () => {
    expect(decodeMessage(Buffer.of(0xff, 0xfe, 0))).toHaveLength(3);
    expect(decodeMessage(Buffer.of())).toBe('');
  });
});
