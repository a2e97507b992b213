import {
  deflatedExplicitVrLittleEndian,
  encodeDataSet,
  explicitVrLittleEndian,
  type Uid,
  type WritableDataset,
} from '@sightline/dicom';
import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { DataSetWatch } from './data-set-watch.ts';

const dataset: WritableDataset = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  SOPInstanceUID: '1.2.3.4',
  StudyInstanceUID: '1.2.3',
  SeriesInstanceUID: '1.2.4',
  Modality: 'CT',
  PixelData: new Uint8Array(5_000),
};

async function watch(
  bytes: Uint8Array,
  syntax: string,
  size: number,
): Promise<{ watch: DataSetWatch; wrong?: string }> {
  const watch = new DataSetWatch(syntax as Uid);
  for (let at = 0; at < bytes.length; at += size) {
    const wrong = await watch.push(bytes.subarray(at, at + size));
    if (wrong !== undefined) return { watch, wrong };
  }
  const wrong = await watch.end();
  return { watch, ...(wrong !== undefined && { wrong }) };
}

describe('DataSetWatch', () => {
  const plain = encodeDataSet(dataset);
  const deflated = deflateRawSync(plain);

  it.each([1, 11, 100, 10_000])(
    'reads the header of plain and deflated data sets in pieces of %i bytes',
    async (size) => {
      for (const [bytes, syntax] of [
        [plain, explicitVrLittleEndian],
        [deflated, deflatedExplicitVrLittleEndian],
      ] as const) {
        const { watch: watched, wrong } = await watch(bytes, syntax, size);
        expect(wrong).toBeUndefined();
        expect(watched.readHeader()).toMatchObject({ header: { modality: 'CT', transferSyntaxUid: syntax } });
        expect(watched.sha256()).toBe(createHash('sha256').update(bytes).digest('hex'));
      }
    },
  );

  it('knows the header before the pixels have arrived', async () => {
    const watched = new DataSetWatch(explicitVrLittleEndian as Uid);
    await watched.push(plain.subarray(0, plain.length - 4_000));
    expect(watched.headerComplete).toBe(true);
    expect(watched.readHeader().kind).toBe('header');
  });

  it('notices deflated bytes that do not inflate, or end too early', async () => {
    expect(
      (await watch(Buffer.from('this was never deflated'), deflatedExplicitVrLittleEndian, 5)).wrong,
    ).toBeDefined();
    expect(
      (await watch(deflated.subarray(0, deflated.length - 9), deflatedExplicitVrLittleEndian, 50)).wrong,
    ).toBeDefined();
  });
});
