import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodePresentationData, encodeDataPdus } from './pdu.ts';

describe('decodePresentationData', () => {
  it('reads back what was written in pieces no longer than the peer takes', () => {
    const command = Buffer.alloc(100, 5);
    const pdus = Buffer.concat([...encodeDataPdus(3, 'command', command, 50)]);
    const parts = [];
    for (let at = 0; at < pdus.length; at += 6 + pdus.readUInt32BE(at + 2)) {
      const length = pdus.readUInt32BE(at + 2);
      expect(length).toBeLessThanOrEqual(50);
      parts.push(...(decodePresentationData(pdus.subarray(at + 6, at + 6 + length)) ?? []));
    }
    expect(Buffer.concat(parts.map(({ bytes }) => bytes)).equals(command)).toBe(true);
    expect(parts.map(({ isLast }) => isLast)).toEqual([false, false, true]);
  });

  it('refuses lengths that lead outside the PDU', () => {
    expect(decodePresentationData(Buffer.from([0, 0, 0, 9, 1, 3, 0]))).toBeUndefined();
    expect(decodePresentationData(Buffer.from([0, 0, 0, 0, 1, 3]))).toBeUndefined();
    expect(decodePresentationData(Buffer.from([0, 0]))).toBeUndefined();
  });
});

describe('encodeDataPdus', () => {
  it('keeps to the longest PDU of the peer, marks the last and loses no byte', () => {
    const kind = fc.constantFrom('command' as const, 'data-set' as const);
    const longest = fc.oneof(fc.constant(0), fc.integer({ min: 7, max: 300 }));
    fc.assert(
      fc.property(kind, longest, fc.uint8Array({ maxLength: 1000 }), (kind, longest, bytes) => {
        const values = [...encodeDataPdus(5, kind, bytes, longest)].flatMap((pdu) => {
          if (longest !== 0) expect(pdu.length - 6).toBeLessThanOrEqual(longest);
          return decodePresentationData(pdu.subarray(6)) ?? [];
        });
        expect(Buffer.concat(values.map(({ bytes }) => bytes)).equals(bytes)).toBe(true);
        expect(values.map(({ isLast }) => isLast)).toEqual(values.map((_, at) => at === values.length - 1));
        expect(values.every(({ isCommand }) => isCommand === (kind === 'command'))).toBe(true);
      }),
    );
  });
});
