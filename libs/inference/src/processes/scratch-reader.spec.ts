import { closeSync, openSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ScratchReader } from './scratch-reader.ts';
import { SharedScratch, type Parcel } from './shared-scratch.ts';

describe('reading what another process put into the scratch', () => {
  let scratch: SharedScratch;
  let reader: ScratchReader;

  beforeEach(() => {
    scratch = new SharedScratch();
    reader = new ScratchReader(scratch.fd ?? Number.NaN);
  });

  afterEach(() => scratch.close());

  async function put(numbers: ArrayLike<number>): Promise<Parcel> {
    const parcel = await scratch.put(Float32Array.from(numbers));
    if (parcel === undefined) throw new Error('not taken');
    return parcel;
  }

  it('reads a parcel where it lies, without a copy', async () => {
    await put([1, 2]);
    const parcel = await put([3, 4, 5]);
    const numbers = reader.numbers([parcel]);
    expect([...numbers]).toEqual([3, 4, 5]);
    scratch.free(parcel);
    await put([6, 7, 8]);
    expect([...numbers]).toEqual([6, 7, 8]);
  });

  it('reads a part of a parcel', async () => {
    const { at } = await put([1, 2, 3, 4]);
    expect([...reader.numbers([{ at: at + 4, bytes: 8 }])]).toEqual([2, 3]);
  });

  it('reads what was put behind the end of what it knew, by many pages', async () => {
    expect([...reader.numbers([await put([1])])]).toEqual([1]);
    const pages = Float32Array.from({ length: 100_000 }, (_, i) => i);
    expect(reader.numbers([await put(pages)])).toEqual(pages);
    expect([...reader.numbers([await put([2])])]).toEqual([2]);
  });

  it('reads several parcels as one, in the order they are named', async () => {
    const parcels = [await put([1, 2]), await put([3]), await put([4, 5, 6])];
    expect([...reader.numbers(parcels.toReversed())]).toEqual([4, 5, 6, 3, 1, 2]);
    expect([...reader.numbers(parcels.slice(0, 2))]).toEqual([1, 2, 3]);
  });

  it('copies out of a file that cannot be mapped', () => {
    const path = '/proc/version';
    const fd = openSync(path, 'r');
    const numbers = new ScratchReader(fd).numbers([{ at: 0, bytes: 16 }]);
    closeSync(fd);
    expect(Buffer.from(numbers.buffer, numbers.byteOffset, 16)).toEqual(readFileSync(path).subarray(0, 16));
  });

  it('says that a parcel is not there, rather than die of reading it', async () => {
    const { at } = await put([1, 2]);
    expect(() => reader.numbers([{ at, bytes: 1 << 20 }])).toThrow('the scratch ends before a parcel does');
  });
});
