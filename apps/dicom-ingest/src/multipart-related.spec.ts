import { describe, expect, it } from '@jest/globals';
import { MalformedMultipart, parseContentType, readParts } from './multipart-related.ts';

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string, size = 1_000): Promise<{ type: string | undefined; body: string }[]> {
  const found = [];
  for await (const part of readParts(inPieces(Buffer.from(text, 'latin1'), size), 'b')) {
    const chunks = [];
    for await (const chunk of part.body) chunks.push(chunk);
    found.push({ type: part.headers.get('content-type'), body: Buffer.concat(chunks).toString('latin1') });
  }
  return found;
}

const two = '--b\r\nContent-Type: application/dicom\r\n\r\none\r\n--no\r\n--b\r\n\r\ntwo\r\n--b--\r\n';

describe('readParts', () => {
  it.each([1, 2, 3, 7, 1_000])('reads parts that arrive in pieces of %i bytes', async (size) => {
    expect(await read(two, size)).toEqual([
      { type: 'application/dicom', body: 'one\r\n--no' },
      { type: undefined, body: 'two' },
    ]);
  });

  it('passes over a preamble and an epilogue', async () => {
    expect(await read(`preamble\r\n${two}epilogue`)).toHaveLength(2);
  });

  it('skips what is left unread of a part', async () => {
    const types = [];
    for await (const part of readParts(inPieces(Buffer.from(two), 4), 'b')) types.push(part.headers.size);
    expect(types).toEqual([1, 0]);
  });

  it.each([
    ['a body cut at any byte', two.slice(0, -10)],
    ['no boundary', 'hello'],
    ['an empty body', ''],
    ['a header without a name', '--b\r\nnonsense\r\n\r\nx\r\n--b--'],
  ])('refuses %s', async (_name, text) => {
    await expect(read(text)).rejects.toBeInstanceOf(MalformedMultipart);
  });

  it('reads no part of a body that holds none', async () => {
    expect(await read('--b--\r\n')).toEqual([]);
  });
});

describe('parseContentType', () => {
  it('reads quoted parameters with semicolons in them', () => {
    const { type, parameters } = parseContentType(
      'Multipart/Related; type="application/dicom; x"; boundary="a;b"; Start=s',
    );
    expect(type).toBe('multipart/related');
    expect(Object.fromEntries(parameters)).toEqual({ type: 'application/dicom; x', boundary: 'a;b', start: 's' });
  });

  it('reads nothing of nothing', () => {
    expect(parseContentType(undefined)).toEqual({ type: '', parameters: new Map() });
  });
});
