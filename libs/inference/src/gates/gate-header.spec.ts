import { describe, expect, it } from '@jest/globals';
import { encodePart10, readHeader, type WritableDataset } from '@sightline/dicom';
import type { ModelManifest } from '@sightline/contracts';
import { childsChest, greyXray } from '../../../../test/support/xray-request.ts';
import { wrapImage, wrappedDataset, type WrappedValues } from '../../../../tools/evaluate/wrap-image.ts';
import { gateHeader } from './gate-header.ts';

const manifest = {
  applicability: {
    modality: ['CR', 'DX'],
    bodyPart: ['CHEST'],
    view: ['AP'],
    age: { minYears: 1, maxYears: 5, unknown: 'refuse' },
  },
} as ModelManifest;

/** What the gate says of an image of a modality and a part, by a manifest that names the part its own way. */
function gatePart(modality: string, bodyPart: string[], dataset: WritableDataset) {
  const { BodyPartExamined: _part, ...unnamed } = childsChest;
  const picture = { width: 2, height: 2, grey: new Uint8Array(4) };
  const file = encodePart10({ ...wrappedDataset('part', picture, { ...unnamed, Modality: modality }), ...dataset });
  const read = readHeader(file);
  if (read.kind === 'invalid') throw new Error(read.reason);
  return gateHeader({ applicability: { modality: [modality], bodyPart } } as ModelManifest, read.header);
}

const region = (CodingSchemeDesignator: string, CodeValue: string): WritableDataset => ({
  AnatomicRegionSequence: [{ CodingSchemeDesignator, CodeValue }],
});

function gate(values: WrappedValues) {
  const read = readHeader(greyXray(100, values, 'gate'));
  if (read.kind === 'invalid') throw new Error(read.reason);
  return gateHeader(manifest, read.header);
}

const without = (keyword: string): WrappedValues =>
  Object.fromEntries(Object.entries(childsChest).filter(([name]) => name !== keyword));

describe('the gate on the header of an image', () => {
  it.each<[string, WrappedValues]>([
    ['a DX of the chest, AP, three years', {}],
    ['a CR', { Modality: 'CR' }],
    ['a body part in lower case', { BodyPartExamined: 'chest' }],
    ['a synonym of the body part', { BodyPartExamined: 'THORAX' }],
    ['a body part with its view', { BodyPartExamined: 'CHEST_AP' }],
    ['a child of exactly one', { PatientAge: '001Y' }],
    ['a child of twelve months', { PatientAge: '012M' }],
    ['a child of five until the sixth birthday', { PatientAge: '071M' }],
    ['a child of five', { PatientAge: '005Y' }],
    ['an age counted from the date of birth', { PatientAge: '', PatientBirthDate: '20200301', StudyDate: '20240228' }],
    ['the day before the sixth birthday', { PatientAge: '', PatientBirthDate: '20180301', StudyDate: '20240229' }],
    ['a rounded age beside a date of birth', { PatientBirthDate: '20200601', StudyDate: '20240101' }],
    ['an image for presentation', { PresentationIntentType: 'FOR PRESENTATION' }],
  ])('lets pass %s', (_, values) => {
    expect(gate({ ...childsChest, ...values })).toEqual({ kind: 'passed' });
  });

  it.each<[string, string, WrappedValues]>([
    ['wrong-modality', 'a CT', { Modality: 'CT' }],
    ['wrong-modality', 'a mammogram', { Modality: 'MG' }],
    ['wrong-body-part', 'an abdomen', { BodyPartExamined: 'ABDOMEN' }],
    ['wrong-body-part', 'a whole body', { BodyPartExamined: 'WHOLEBODY' }],
    ['wrong-view', 'a PA view', { ViewPosition: 'PA' }],
    ['wrong-view', 'a lateral view', { ViewPosition: 'LL' }],
    ['age-out-of-range', 'an adult', { PatientAge: '034Y' }],
    ['age-out-of-range', 'a child of six', { PatientAge: '006Y' }],
    ['age-out-of-range', 'a child of 72 months', { PatientAge: '072M' }],
    ['age-out-of-range', 'an infant of eleven months', { PatientAge: '011M' }],
    ['age-out-of-range', 'a newborn', { PatientAge: '003D' }],
    ['age-out-of-range', 'the sixth birthday', { PatientAge: '', PatientBirthDate: '20180228', StudyDate: '20240228' }],
    ['age-unknown', 'an age without a unit', { PatientAge: '3' }],
    ['age-unknown', 'a date of birth without a study date', { PatientAge: '', PatientBirthDate: '20200101' }],
    ['age-unknown', 'a study before birth', { PatientAge: '', PatientBirthDate: '20250101', StudyDate: '20240101' }],
    [
      'age-unknown',
      'an age that the date of birth denies',
      { PatientAge: '003Y', PatientBirthDate: '19800101', StudyDate: '20240101' },
    ],
    ['unsupported-pixels', 'the signal of a detector', { PresentationIntentType: 'FOR PROCESSING' }],
    ['no-image', 'a structured report', { SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.33' }],
  ])('refuses as %s %s', (reason, _, values) => {
    expect(gate({ ...childsChest, ...values })).toMatchObject({ kind: 'refused', reason });
  });

  it.each([
    ['Modality', 'wrong-modality'],
    ['BodyPartExamined', 'wrong-body-part'],
    ['ViewPosition', 'wrong-view'],
    ['PatientAge', 'age-unknown'],
  ])('does not assume a %s that is not stated', (keyword, reason) => {
    expect(gate(without(keyword))).toMatchObject({ kind: 'refused', reason });
  });

  it.each<[string, string, string[], WritableDataset]>([
    ['a head as HEAD', 'CT', ['HEAD'], { BodyPartExamined: 'HEAD' }],
    ['a head as BRAIN', 'CT', ['HEAD'], { BodyPartExamined: 'BRAIN' }],
    ['a head as SKULL', 'CT', ['HEAD'], { BodyPartExamined: 'Skull ' }],
    ['a head by its code', 'CT', ['HEAD'], region('SCT', '69536005')],
    ['a brain by its code', 'CT', ['HEAD'], region('SRT', 'T-A0100')],
    ['an eye', 'OPT', ['EYE'], { BodyPartExamined: 'EYE' }],
    ['an eye by its code', 'OPT', ['EYE', 'RETINA'], region('SCT', '81745001')],
    ['an eye by its code of SNOMED-RT', 'OPT', ['EYE'], region('SRT', 'T-AA000')],
    ['a retina by its code', 'OPT', ['RETINA'], region('SCT', '5665001')],
    ['a retina as part of the eye', 'OPT', ['EYE'], region('SRT', 'T-AA610')],
    ['a fovea as part of the retina', 'OPT', ['RETINA'], region('SCT', '67046006')],
    ['a chest by its code', 'DX', ['CHEST'], region('SCT', '816094009')],
  ])('lets pass %s', (_, modality, bodyPart, dataset) => {
    expect(gatePart(modality, bodyPart, dataset)).toEqual({ kind: 'passed' });
  });

  it.each<[string, string, string[], WritableDataset, string]>([
    ['a neck for a head', 'CT', ['HEAD'], { BodyPartExamined: 'NECK' }, 'states body part NECK'],
    ['a chest for a head', 'CT', ['HEAD'], region('SCT', '51185008'), 'states body part CHEST'],
    ['a head for a brain', 'CT', ['BRAIN'], { BodyPartExamined: 'HEAD' }, 'states body part HEAD'],
    ['an eye for its retina', 'OPT', ['RETINA'], region('SCT', '81745001'), 'states body part EYE'],
    ['a region without a term here', 'OPT', ['EYE'], region('SCT', '28726007'), 'states body part 28726007'],
    ['a region of a private scheme', 'OPT', ['EYE'], region('99ACME', '81745001'), 'states no body part'],
    [
      'a named part whatever the code says',
      'OPT',
      ['EYE'],
      { BodyPartExamined: 'HAND', ...region('SCT', '81745001') },
      'states body part HAND',
    ],
    ['no part at all', 'OPT', ['EYE'], {}, 'states no body part'],
  ])('refuses %s', (_, modality, bodyPart, dataset, said) => {
    const refused = gatePart(modality, bodyPart, dataset);
    expect(refused).toMatchObject({
      kind: 'refused',
      reason: 'wrong-body-part',
      detail: expect.stringContaining(said),
    });
  });

  it('repeats no more of a stated value than a code can hold', () => {
    const refused = gate({ ...childsChest, BodyPartExamined: 'CHEST OF MARY MISPLACED' });
    expect(refused).toMatchObject({ kind: 'refused', reason: 'wrong-body-part' });
    expect(JSON.stringify(refused)).not.toContain('MISPLACED');
  });

  it('passes over an image without pixels as none', () => {
    const read = readHeader(wrapImage('none', { width: 0, height: 0, grey: new Uint8Array() }, childsChest));
    if (read.kind === 'invalid') throw new Error(read.reason);
    const { rows: _rows, columns: _columns, ...header } = read.header;
    expect(gateHeader(manifest, header)).toMatchObject({ kind: 'refused', reason: 'no-image' });
  });
});
