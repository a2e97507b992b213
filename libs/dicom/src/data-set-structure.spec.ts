import { describe, expect, it } from '@jest/globals';
import { DataSetStructure } from './data-set-structure.ts';
import { explicitVrLittleEndian, implicitVrLittleEndian } from './transfer-syntax.ts';
import { encodeDataSet, type WritableDataset } from './write-data-set.ts';

const dataset: WritableDataset = {
  SOPInstanceUID: '1.2.3.4',
  RequestAttributesSequence: [{ AccessionNumber: 'A1' }],
  PixelData: new Uint8Array(64),
};

function verdict(bytes: Uint8Array, transferSyntaxUid: string, chunk = bytes.length): string | undefined {
  const structure = new DataSetStructure(transferSyntaxUid);
  for (let at = 0; at < bytes.length; at += chunk) structure.push(bytes.subarray(at, at + chunk));
  return structure.end();
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

const undelimited = hex('4000 7502 5351 0000 ffffffff feff00e0 ffffffff 0800 5000 5348 0200 4131');
const delimited = Buffer.concat([undelimited, hex('feff0de0 00000000 feffdde0 00000000')]);
const encapsulated = hex('e07f 1000 4f42 0000 ffffffff feff00e0 00000000 feff00e0 04000000 01020304 feffdde0 00000000');

describe('DataSetStructure', () => {
  it.each([1, 3, 7, 1_000])('finds a whole data set whole in pieces of %i bytes', (chunk) => {
    expect(verdict(encodeDataSet(dataset), explicitVrLittleEndian, chunk)).toBeUndefined();
    expect(verdict(encodeDataSet(dataset, { explicitVr: false }), implicitVrLittleEndian, chunk)).toBeUndefined();
    expect(verdict(delimited, explicitVrLittleEndian, chunk)).toBeUndefined();
    expect(verdict(encapsulated, explicitVrLittleEndian, chunk)).toBeUndefined();
  });

  it.each([
    ['delimited sequence', delimited],
    ['encapsulated pixels', encapsulated],
    ['pixels', encodeDataSet({ PixelData: new Uint8Array(64) })],
  ])('notices a cut at every byte: %s', (_name, bytes) => {
    for (let end = 1; end < bytes.length; end++)
      expect(verdict(bytes.subarray(0, end), explicitVrLittleEndian)).toBeDefined();
  });

  it('says where the header ends', () => {
    const header = encodeDataSet({ SOPInstanceUID: '1.2.3.4' });
    for (const chunk of [1, 5, 1_000]) {
      const structure = new DataSetStructure(explicitVrLittleEndian);
      const bytes = Buffer.concat([header, encodeDataSet({ PixelData: new Uint8Array(8) })]);
      for (let at = 0; at < bytes.length; at += chunk) structure.push(bytes.subarray(at, at + chunk));
      expect(structure.headerEnd).toBe(header.length);
    }
  });

  it('says what it ends inside', () => {
    const bytes = encodeDataSet(dataset);
    expect(verdict(bytes.subarray(0, bytes.length - 1), explicitVrLittleEndian)).toBe(
      'the data set ends inside (7fe0,0010)',
    );
    expect(verdict(undelimited, explicitVrLittleEndian)).toBe('the data set ends inside a sequence');
  });

  it('refuses bytes that are no data set', () => {
    expect(verdict(Buffer.from('this is not a data set at all'), explicitVrLittleEndian)).toMatch(
      /no value representation/,
    );
  });

  it('forgives zeros after the end', () => {
    const bytes = Buffer.concat([encodeDataSet(dataset), Buffer.alloc(32)]);
    expect(verdict(bytes, explicitVrLittleEndian)).toBeUndefined();
    expect(verdict(Buffer.concat([bytes, Buffer.from([1])]), explicitVrLittleEndian)).toBeDefined();
  });
});
