import { describe, expect, it } from '@jest/globals';
import { ByteHandoff } from './byte-handoff.ts';

const megabyte = new Uint8Array(1 << 20);

describe('ByteHandoff', () => {
  it('hands everything on in order', async () => {
    const handoff = new ByteHandoff();
    const reading = (async () => {
      const seen: number[] = [];
      for await (const chunk of handoff) seen.push(chunk[0] ?? -1);
      return seen;
    })();
    for (let i = 0; i < 100; i++) await handoff.push(Uint8Array.of(i));
    handoff.end();
    expect(await reading).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it('makes the writer wait while a megabyte lies unread', async () => {
    const handoff = new ByteHandoff();
    await handoff.push(megabyte);
    let written = false;
    const writing = handoff.push(megabyte).then(() => (written = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(written).toBe(false);
    const reader = handoff[Symbol.asyncIterator]();
    await reader.next();
    await writing;
    expect(written).toBe(true);
  });

  it('throws at the reader what ended the writer', async () => {
    const handoff = new ByteHandoff();
    handoff.fail(new Error('gone'));
    await expect(handoff[Symbol.asyncIterator]().next()).rejects.toThrow('gone');
  });

  it('lets the rest drain once the reader has stopped', async () => {
    const handoff = new ByteHandoff();
    await handoff.push(megabyte);
    for await (const _ of handoff) break;
    for (let i = 0; i < 10; i++) await handoff.push(megabyte);
    handoff.end();
  });
});
