import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { itemsOf, numberOf, readDataset, textOf } from './read-data-set.ts';
import { encodePart10, type WritableDataset } from './write-data-set.ts';

const identity = { SOPClassUID: '1.2.840.10008.5.1.4.1.1.2', SOPInstanceUID: '1.2.3' };

function reread(dataset: WritableDataset, options: { explicitVr?: boolean; untilTag?: number } = {}): WritableDataset {
  const read = readDataset(encodePart10({ ...identity, ...dataset }, options), options);
  if (read.kind === 'invalid') throw new Error(read.reason);
  const { SOPClassUID, SOPInstanceUID, ...rest } = read.dataset;
  expect({ SOPClassUID, SOPInstanceUID }).toEqual(identity);
  return rest;
}

const everyKind: WritableDataset = {
  SpecificCharacterSet: 'ISO_IR 192',
  PatientName: 'Größe^Ada',
  DimensionIndexPointer: 0x00209057,
  DimensionIndexValues: [1, 70_000],
  FloatingPointValue: 0.1,
  RecognizableVisualFeatures: 'NO',
  Rows: 65_535,
  TextValue: 'a longer text, with a \\ in it',
  LongCodeValue: 'decision-threshold',
  ContentSequence: [{ ContentSequence: [{ TextValue: 'Größe' }] }, {}],
  ReferencedRequestSequence: [],
  FloatPixelData: new Uint8Array(new Float32Array([0, 0.5, 1]).buffer),
};

describe('reading a data set back', () => {
  it.each([true, false])('gives what was written, whatever the value representation (explicit VR %s)', (explicitVr) => {
    expect(reread(everyKind, { explicitVr })).toEqual(everyKind);
  });

  it('keeps every double and every unsigned number to the bit', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.nat(0xffffffff), fc.nat(0xffff), (double, long, short) => {
        const written = { FloatingPointValue: double, InStackPositionNumber: long, SegmentNumber: short };
        expect(reread(written)).toEqual(written);
      }),
    );
  });

  it('stops before a tag', () => {
    expect(reread(everyKind, { untilTag: 0x00100000 })).toEqual({
      SpecificCharacterSet: 'ISO_IR 192',
      LongCodeValue: 'decision-threshold',
    });
  });

  it('decodes items in the character set they name for themselves', () => {
    const read = readDataset(encodePart10({ ...identity, ContentSequence: [everyKind] }));
    if (read.kind === 'invalid') throw new Error(read.reason);
    expect(textOf(itemsOf(read.dataset, 'ContentSequence')[0], 'PatientName')).toBe('Größe^Ada');
  });

  it('says why bytes are no data set', () => {
    const whole = encodePart10({ ...identity, ...everyKind });
    expect(readDataset(whole.subarray(0, whole.length - 3))).toMatchObject({ kind: 'invalid' });
    expect(readDataset(Buffer.from('PatientName'))).toEqual({
      kind: 'invalid',
      reason: 'not a DICOM Part 10 file: no DICM prefix',
    });
  });

  it('answers nothing for what is absent or of another kind', () => {
    expect(textOf({ Rows: 1 }, 'Rows')).toBeUndefined();
    expect(textOf(undefined, 'PatientName')).toBeUndefined();
    expect(numberOf({ PatientName: 'A' }, 'PatientName')).toBeUndefined();
    expect(numberOf({ DimensionIndexValues: [4, 5] }, 'DimensionIndexValues')).toBe(4);
    expect(itemsOf({ DimensionIndexValues: [4, 5], PatientName: 'A' }, 'DimensionIndexValues')).toEqual([]);
  });
});
