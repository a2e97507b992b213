import { pathToFileURL } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deflatedExplicitVrLittleEndian, encodePart10, readFileMeta } from '@sightline/dicom';
import { openObjectStore, type ObjectStore } from '@sightline/object-store';
import { temporaryDirectory, type TemporaryDirectory } from '../../../../test/support/temporary-directory.ts';
import { radiograph } from '../../../../tools/corpus/ingest-parts.ts';
import { readSource } from './read-source.ts';

let directory: TemporaryDirectory;
let objects: ObjectStore;
let bytesRead = 0;

beforeEach(async () => {
  directory = await temporaryDirectory('sources');
  objects = openObjectStore(pathToFileURL(directory.path).href);
  const open = objects.open.bind(objects);
  bytesRead = 0;
  objects.open = async (key) => {
    const opened = await open(key);
    const push = opened.stream.push.bind(opened.stream);
    opened.stream.push = (chunk: Buffer | null, ...rest) => {
      bytesRead += chunk?.length ?? 0;
      return push(chunk, ...rest);
    };
    return opened;
  };
});
afterEach(() => directory.remove());

async function store(key: string, bytes: Uint8Array): Promise<void> {
  await objects.write(
    key,
    (async function* () {
      yield bytes;
    })(),
  );
}

const large = { Rows: 2048, Columns: 2048, PixelData: new Uint8Array(2048 * 2048) };

describe('the header of an image in the store', () => {
  it('is read without its pixels', async () => {
    await store('image', encodePart10(radiograph(large)));
    const read = await readSource(objects, 'image');
    expect(read).toMatchObject({ kind: 'source', source: { frames: [{ rows: 2048 }], header: { modality: 'DX' } } });
    expect(bytesRead).toBeGreaterThan(0);
    expect(bytesRead).toBeLessThan(512 * 1024);
  });

  it('is read to its end where it is longer than what comes at once', async () => {
    const RequestAttributesSequence = Array.from({ length: 8_000 }, () => ({ AccessionNumber: 'A7' }));
    await store('image', encodePart10(radiograph({ ...large, RequestAttributesSequence, AccessionNumber: '' })));
    expect(await readSource(objects, 'image')).toMatchObject({ kind: 'source', source: { frames: [{ rows: 2048 }] } });
  });

  it('is read where the data set is deflated', async () => {
    const plain = encodePart10(radiograph());
    const meta = readFileMeta(plain);
    if (meta.kind === 'invalid') throw new Error(meta.reason);
    const { dataSetOffset } = meta.meta;
    const head = Buffer.from(plain.subarray(0, dataSetOffset));
    const at = head.indexOf('1.2.840.10008.1.2.1\0');
    // Two bytes longer than the one it stands for, and so is the group.
    const syntax = Buffer.from(deflatedExplicitVrLittleEndian);
    const changed = Buffer.concat([head.subarray(0, at - 2), Buffer.of(22, 0), syntax, head.subarray(at + 20)]);
    changed.writeUInt32LE(changed.readUInt32LE(140) + 2, 140);
    await store('image', Buffer.concat([changed, deflateRawSync(plain.subarray(dataSetOffset))]));
    expect(await readSource(objects, 'image')).toMatchObject({
      kind: 'source',
      source: { header: { modality: 'DX' } },
    });
  });

  it.each([
    ['is cut short', (file: Uint8Array) => file.subarray(0, 400)],
    ['is no DICOM', () => Buffer.alloc(100_000, 7)],
  ])('is malformed where the file %s', async (_what, change) => {
    await store('image', change(encodePart10(radiograph())));
    expect(await readSource(objects, 'image')).toEqual({ kind: 'left-out', reason: 'malformed' });
  });

  it('is missing where there is no such object', async () => {
    expect(await readSource(objects, 'image')).toEqual({ kind: 'left-out', reason: 'missing' });
  });
});
