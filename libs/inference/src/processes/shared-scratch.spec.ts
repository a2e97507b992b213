import { readSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SharedScratch, type Parcel } from './shared-scratch.ts';

describe('the scratch that processes share', () => {
  let scratch: SharedScratch;

  beforeEach(() => {
    scratch = new SharedScratch();
  });

  afterEach(() => scratch.close());

  function read({ at, bytes }: Parcel): number[] {
    const into = new Float32Array(bytes / Float32Array.BYTES_PER_ELEMENT);
    if (scratch.fd === undefined) throw new Error('no scratch');
    readSync(scratch.fd, into, 0, bytes, at);
    return [...into];
  }

  async function put(...numbers: number[]): Promise<Parcel> {
    const parcel = await scratch.put(Float32Array.from(numbers));
    if (parcel === undefined) throw new Error('not taken');
    return parcel;
  }

  it('keeps each parcel apart, those put at once included', async () => {
    const parcels = await Promise.all([put(1, 2), put(3), put(4, 5, 6)]);
    expect(parcels.map(read)).toEqual([[1, 2], [3], [4, 5, 6]]);
  });

  it('puts a part of an array as that part', async () => {
    const parcel = await scratch.put(Float32Array.of(1, 2, 3, 4).subarray(1, 3));
    expect(parcel && read(parcel)).toEqual([2, 3]);
  });

  it('uses again what was freed, so that it grows no larger than what is in hand', async () => {
    const [first, second] = [await put(1, 2), await put(3, 4)];
    scratch.free(first);
    const third = await put(5, 6);
    expect(third.at).toBe(first.at);
    expect(read(second)).toEqual([3, 4]);
    const larger = await put(7, 8, 9);
    expect(larger.at).toBeGreaterThanOrEqual(second.at + second.bytes);
  });
});
