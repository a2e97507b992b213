import { describe, expect, it } from '@jest/globals';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { encodeFileMeta } from './file-meta.ts';
import { readHeader, type DicomHeader } from './header.ts';
import { isOwnOutput, ownDevice } from './own-output.ts';
import { deflatedExplicitVrLittleEndian, explicitVrLittleEndian } from './transfer-syntax.ts';
import { encodeDataSet, encodePart10, type WritableDataset } from './write-data-set.ts';

const child: WritableDataset = {
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1',
  SOPInstanceUID: '1.2.3.4',
  StudyInstanceUID: '1.2.3',
  SeriesInstanceUID: '1.2.3.1',
  Modality: 'DX',
  ImageType: 'ORIGINAL\\PRIMARY\\',
  StudyDate: '20240229',
  StudyTime: '131502.25',
  PatientName: 'Doe^Jane',
  PatientID: ' P 7 ',
  PatientBirthDate: '20200301',
  PatientSex: 'F',
  BodyPartExamined: 'Chest',
  ViewPosition: 'AP',
  Rows: 2,
  Columns: 3,
  InstanceNumber: '7 ',
};

/** As an OCT device sends it: without Body Part Examined. */
const { BodyPartExamined: _part, ViewPosition: _view, ...unnamed } = child;
const oct: WritableDataset = { ...unnamed, SOPClassUID: '1.2.840.10008.5.1.4.1.1.77.1.5.4', Modality: 'OPT' };

function headerOf(dataset: WritableDataset, explicitVr = true): DicomHeader {
  const read = readHeader(encodePart10(dataset, { explicitVr }));
  if (read.kind === 'invalid') throw new Error(read.reason);
  return read.header;
}

describe('readHeader', () => {
  it.each([true, false])('reads the same of explicit and implicit VR (explicit: %s)', (explicitVr) => {
    expect(headerOf(child, explicitVr)).toMatchObject({
      sopInstanceUid: '1.2.3.4',
      modality: 'DX',
      imageType: ['ORIGINAL', 'PRIMARY', ''],
      patient: { id: 'P 7', name: 'Doe^Jane', birthDate: '2020-03-01', sex: 'F' },
      age: { years: 3, source: 'PatientBirthDate' },
      bodyPart: 'CHEST',
      viewPosition: 'AP',
      rows: 2,
      columns: 3,
      instanceNumber: 7,
      studyStartedAt: '2024-02-29T13:15:02.250',
    });
  });

  it('keeps the keywords of the raw data set', () => {
    expect(headerOf(child).dataset.StudyInstanceUID).toBe('1.2.3');
  });

  it('says the offset from UTC only where the images give one', () => {
    expect(headerOf({ ...child, TimezoneOffsetFromUTC: '+0130' }).studyStartedAt).toBe('2024-02-29T13:15:02.250+01:30');
  });

  it('prefers the stated age and the laterality of the image', () => {
    const header = headerOf({ ...child, PatientAge: '004Y', Laterality: 'R', ImageLaterality: 'L' });
    expect(header.age).toEqual({ years: 4, source: 'PatientAge' });
    expect(header.laterality).toEqual({ side: 'L', source: 'ImageLaterality' });
  });

  it.each([
    ['Image Laterality', { ImageLaterality: 'R' }, { side: 'R', source: 'ImageLaterality' }],
    ['both eyes', { ImageLaterality: 'B' }, { side: 'B', source: 'ImageLaterality' }],
    [
      'Laterality of the series where the image says none',
      { ImageLaterality: '', Laterality: 'L' },
      { side: 'L', source: 'Laterality' },
    ],
    ['no side from what is none', { ImageLaterality: 'U' }, undefined],
    ['no side where none is named', {}, undefined],
  ])('takes from an ophthalmic image %s', (_, sides, laterality) => {
    expect(headerOf({ ...oct, ...sides }).laterality).toEqual(laterality);
  });

  it.each([
    ['SCT', '81745001', 'EYE'],
    ['SRT', 'T-AA000', 'EYE'],
    ['SCT', '40638003', 'EYE'],
    ['SCT', '5665001', 'RETINA'],
    ['SRT', 'T-AA610', 'RETINA'],
    ['SCT', '69536005', 'HEAD'],
    ['SCT', '51185008', 'CHEST'],
    ['SCT', '113345001', '113345001'],
    ['99ACME', '81745001', undefined],
    ['SCT', '', undefined],
  ])(
    'reads the anatomic region %s %s as body part %s where none is named',
    (CodingSchemeDesignator, CodeValue, part) => {
      const AnatomicRegionSequence = [{ CodeValue, CodingSchemeDesignator }];
      for (const explicitVr of [true, false])
        expect(headerOf({ ...oct, AnatomicRegionSequence }, explicitVr).bodyPart).toBe(part);
      expect(headerOf({ ...oct, AnatomicRegionSequence, BodyPartExamined: 'Hand' }).bodyPart).toBe('HAND');
      expect(headerOf({ ...oct, AnatomicRegionSequence, BodyPartExamined: '' }).bodyPart).toBe(part);
    },
  );

  it('finds accession number, issuer and priority in the request where the study has none', () => {
    const request = {
      AccessionNumber: 'A1',
      RequestedProcedurePriority: 'STAT',
      IssuerOfAccessionNumberSequence: [{ LocalNamespaceEntityID: 'RIS' }],
    };
    const header = headerOf({ ...child, RequestAttributesSequence: [request] });
    expect(header).toMatchObject({ accessionNumber: 'A1', issuerOfAccessionNumber: 'RIS' });
    expect(header.dataset.RequestedProcedurePriority).toBe('STAT');
  });

  it('honours the character set', () => {
    const header = headerOf({ ...child, SpecificCharacterSet: 'ISO_IR 192', PatientName: 'Müller^Åsa' });
    expect(header.patient.name).toBe('Müller^Åsa');
  });

  it.each(['SOPClassUID', 'SOPInstanceUID', 'StudyInstanceUID', 'SeriesInstanceUID'] as const)(
    'refuses without %s',
    (keyword) => {
      const { [keyword]: _, ...rest } = child;
      expect(readHeader(encodePart10(rest))).toEqual({ kind: 'invalid', reason: `${keyword} is missing` });
    },
  );

  it('refuses what is no Part 10 file', () => {
    expect(readHeader(Buffer.from('hello')).kind).toBe('invalid');
    expect(readHeader(new Uint8Array()).kind).toBe('invalid');
  });

  it('reads a deflated data set through the inflater it is given, and refuses without', () => {
    const meta = encodeFileMeta({
      sopClassUid: '1.2',
      sopInstanceUid: '1.2.3.4',
      transferSyntaxUid: deflatedExplicitVrLittleEndian,
    });
    const file = Buffer.concat([meta, deflateRawSync(encodeDataSet(child))]);
    expect(readHeader(file).kind).toBe('invalid');
    expect(readHeader(file, (bytes) => inflateRawSync(bytes))).toMatchObject({ header: { modality: 'DX' } });
    expect(readHeader(file, () => undefined).kind).toBe('invalid');
  });

  it('never throws on a file cut at any byte', () => {
    const file = encodePart10({ ...child, RequestAttributesSequence: [{ AccessionNumber: 'A1' }] });
    for (let end = 0; end < file.length; end++) expect(() => readHeader(file.subarray(0, end))).not.toThrow();
  });

  it('never throws or hangs on flipped bytes', () => {
    const file = encodePart10({ ...child, RequestAttributesSequence: [{ AccessionNumber: 'A1' }] });
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 5_000; round++) {
      const broken = Buffer.from(file);
      for (let i = 0; i <= random(4); i++) broken[132 + random(broken.length - 132)] = random(256);
      expect(() => readHeader(broken)).not.toThrow();
    }
  });

  it('stops at sequences nested without end', () => {
    const item = Buffer.from([
      0x40, 0x00, 0x75, 0x02, 0x53, 0x51, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0, 0xe0, 0xff, 0xff, 0xff, 0xff,
    ]);
    const meta = encodeFileMeta({
      sopClassUid: '1.2',
      sopInstanceUid: '1.2',
      transferSyntaxUid: explicitVrLittleEndian,
    });
    const nested = Buffer.concat([meta, ...Array.from({ length: 50_000 }, () => item)]);
    expect(readHeader(nested)).toEqual({ kind: 'invalid', reason: 'sequences nest deeper than 16' });
  });
});

describe('isOwnOutput', () => {
  const ours: WritableDataset = {
    ...child,
    SOPInstanceUID: '2.25.77',
    Manufacturer: ownDevice.manufacturer,
    ManufacturerModelName: ownDevice.modelName,
  };

  it('knows our own by UID root and device, whatever the SOP class', () => {
    expect(isOwnOutput(headerOf(ours))).toBe(true);
    expect(isOwnOutput(headerOf({ ...ours, SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.34' }))).toBe(true);
  });

  it('leaves alone what only shares the root or the maker', () => {
    expect(isOwnOutput(headerOf({ ...ours, ManufacturerModelName: 'Sender' }))).toBe(false);
    expect(isOwnOutput(headerOf({ ...ours, SOPInstanceUID: '1.2.77' }))).toBe(false);
  });
});
