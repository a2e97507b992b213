import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { blockOf, BlockReader, type ReadBlock } from './mllp-block.ts';

const texts = fc.array(
  fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/\p{Cc}/gu, '')),
  { maxLength: 5 },
);

function chunksOf(bytes: Buffer, size: number): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
}

const read = (reader: BlockReader, ...chunks: (Buffer | string)[]): ReadBlock[] =>
  chunks.flatMap((chunk) => reader.push(Buffer.from(chunk)));

describe('MLLP', () => {
  it('gives the same messages in whatever pieces they arrive', () => {
    fc.assert(
      fc
        .property(texts, fc.integer({ min: 1, max: 40 }), (all, size) => {
          const found = chunksOf(Buffer.concat(all.map(blockOf)), size).flatMap((chunk) => reader.push(chunk));
          expect(found.map((one) => ('bytes' in one ? one.bytes.toString('utf8') : one))).toEqual(all);
          expect(reader.midway).toBe(false);
        })
        .beforeEach(() => {
          reader = new BlockReader(1000);
        }),
    );
  });
  let reader: BlockReader;

  it('overlooks line ends between blocks', () => {
    expect(read(new BlockReader(9), '\r\n\v1\x1c\r', '\n\v2\x1c\r\r')).toHaveLength(2);
  });

  it('knows whether a message has begun and not ended', () => {
    const one = new BlockReader(9);
    read(one, '\v1');
    expect(one.midway).toBe(true);
    read(one, '\x1c', '\r');
    expect(one.midway).toBe(false);
  });

  it.each([
    ['another protocol', ['GET / HTTP/1.1'], 'bytes outside of a block'],
    ['a message that is too large', ['\v12345', '67890'], 'a message of more than 9 bytes'],
    ['a message that begins again', ['\v1\v2\x1c\r'], 'a block within a block'],
    ['a block that ends halfway', ['\v1\x1c', '2\x1c\r'], 'a block that ends halfway'],
  ])('%s is said once, and nothing after it is read', (_, chunks, reason) => {
    expect(read(new BlockReader(9), ...chunks, '\v3\x1c\r')).toEqual([{ kind: 'broken', reason }]);
  });
});
