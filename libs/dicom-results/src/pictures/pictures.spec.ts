import { beforeAll, describe, expect, it } from '@jest/globals';
import { itemsOf, readDataset, textOf, uidFromUuid, type WritableDataset } from '@sightline/dicom';
import fc from 'fast-check';
import { resultCases, sha256, sourcesOf, type ResultCase } from '../../../../test/support/dicom-results.ts';
import { dicomObjectsOf, type DicomObjects } from '../dicom-objects-of.ts';
import { packBits } from './pack-bits.ts';

let radiograph: ResultCase;
let slices: ResultCase;
let frames: ResultCase;
let scan: ResultCase;

beforeAll(async () => {
  radiograph = await resultCases['a radiograph']();
  slices = await resultCases['slices with a place']();
  frames = await resultCases['frames of one object']();
  scan = await resultCases['a B-scan']();
});

function made({ set, sources, pictures }: ResultCase): DicomObjects {
  const objects = dicomObjectsOf(set, sources, pictures, [], {
    digest: sha256,
    onlyReport: true,
    now: set.completedAt,
  });
  if (objects.kind === 'invalid') throw new Error(objects.reason);
  return objects;
}

function datasetOf(object: { bytes: Uint8Array } | undefined): WritableDataset {
  const read = readDataset(object?.bytes ?? new Uint8Array());
  if (read.kind === 'invalid') throw new Error(read.reason);
  return read.dataset;
}

/** The header of a source with other values, as its scanner might have written it. */
function withHeader(result: ResultCase, change: WritableDataset, header: object = {}): ResultCase {
  return {
    ...result,
    sources: result.sources.map((source) => ({
      ...source,
      header: { ...source.header, ...header },
      dataset: { ...source.dataset, ...change },
    })),
  };
}

const shared = (dataset: WritableDataset) => itemsOf(dataset, 'SharedFunctionalGroupsSequence')[0];
const perFrame = (dataset: WritableDataset) => itemsOf(dataset, 'PerFrameFunctionalGroupsSequence');
const positions = (dataset: WritableDataset) =>
  perFrame(dataset).map((group) => textOf(itemsOf(group, 'PlanePositionSequence')[0], 'ImagePositionPatient'));
const sourceImages = (dataset: WritableDataset) =>
  perFrame(dataset).flatMap((group) =>
    itemsOf(group, 'DerivationImageSequence').flatMap((one) => itemsOf(one, 'SourceImageSequence')),
  );

describe('frames of placed images', () => {
  it('lie in the frame of reference of the images, in the order of slices, where each image lies', () => {
    const shuffled = { ...slices, pictures: slices.pictures.toReversed() };
    const dataset = datasetOf(made(shuffled).segmentations[0]);
    const drawn = slices.sources.slice(0, 3);
    expect(dataset.FrameOfReferenceUID).toBe('2.25.702');
    expect(positions(dataset)).toEqual(drawn.map((source) => source.header.dataset.ImagePositionPatient));
    expect(sourceImages(dataset).map((one) => one.ReferencedSOPInstanceUID)).toEqual(
      drawn.map(({ header }) => header.sopInstanceUid),
    );
    expect(itemsOf(shared(dataset), 'PixelMeasuresSequence')).toEqual([
      { PixelSpacing: '1.6\\1.6', SliceThickness: '3' },
    ]);
  });

  it('cover the area of the image where their pixels are larger', () => {
    const dataset = datasetOf(made(slices).parametricMaps[0]);
    const [down, across] = [(32 / 5) * 1.6, (24 / 7) * 1.6];
    const spacing = textOf(itemsOf(shared(dataset), 'PixelMeasuresSequence')[0], 'PixelSpacing')
      ?.split('\\')
      .map(Number);
    expect(spacing?.[0]).toBeCloseTo(down, 9);
    expect(spacing?.[1]).toBeCloseTo(across, 9);
    const [x = 0, y = 0] = (slices.sources[0]?.header.dataset.ImagePositionPatient ?? '').split('\\').map(Number);
    const [first] = positions(dataset);
    const [left, top] = (first ?? '').split('\\').map(Number);
    // The outer edges of the first pixels are the same line.
    expect((left ?? 0) - across / 2).toBeCloseTo(x - 0.8, 9);
    expect((top ?? 0) - down / 2).toBeCloseTo(y - 0.8, 9);
  });

  it('name the frame of an object of many', () => {
    const dataset = datasetOf(made(frames).segmentations[0]);
    expect(sourceImages(dataset).map((one) => one.ReferencedFrameNumber)).toEqual(['1', '2', '3']);
    const heights = positions(dataset).map((position) => Number(position?.split('\\')[2]));
    expect(heights).toEqual(frames.sources[0]?.frames.slice(0, 3).map((frame) => frame.imagePositionPatient?.[2]));
  });

  it('are of one size in one object: images of two sizes give two', () => {
    const [small] = frames.sources;
    const [large] = slices.sources;
    const [finding] = slices.set.findings;
    const [region] = slices.pictures;
    if (!small || !large || !finding || region?.kind !== 'region') throw new Error('the cases have changed');
    const { sopInstanceUid, sopClassUid, seriesInstanceUid } = small.header;
    const narrow = {
      ...small,
      header: { ...small.header, studyInstanceUid: large.header.studyInstanceUid },
      frames: small.frames.map((frame) => ({ ...frame, columns: 2, rows: 2 })),
    };
    const other = { sopInstanceUid, sopClassUid, seriesInstanceUid, frame: 1 };
    const both = {
      set: { ...slices.set, findings: [{ ...finding, sources: [...finding.sources, other] }] },
      sources: [...slices.sources, narrow],
      pictures: [region, { ...region, source: other, width: 2, height: 2, values: new Uint8Array([0, 1, 0, 0]) }],
    };
    const sizes = made(both).segmentations.map((one) => {
      const { Rows, Columns, NumberOfFrames } = datasetOf(one);
      return [Rows, Columns, NumberOfFrames];
    });
    expect(sizes).toEqual([
      [32, 24, '1'],
      [2, 2, '1'],
    ]);
  });
});

describe('frames of images without a place', () => {
  it('give a segmentation no place either: it lies on its image and is turned as that is', () => {
    const dataset = datasetOf(made(radiograph).segmentations[0]);
    expect(dataset.FrameOfReferenceUID).toBeUndefined();
    expect(shared(dataset)).toEqual({});
    expect(textOf(dataset, 'PatientOrientation')).toBe('L\\F');
    expect(sourceImages(dataset)).toEqual([
      expect.objectContaining({
        ReferencedSOPInstanceUID: radiograph.sources[0]?.header.sopInstanceUid,
        SpatialLocationsPreserved: 'YES',
      }),
    ]);
  });

  it.each([
    [['L', 'F'], '1\\0\\0\\0\\0\\-1'],
    [['P', 'F'], '0\\1\\0\\0\\0\\-1'],
    [['R', 'H'], '-1\\0\\0\\0\\0\\1'],
    [['AR', 'FL'], '0\\-1\\0\\0\\0\\-1'],
  ])('give a map a frame of reference of its own, turned as %j says', (patientOrientation, orientation) => {
    const dataset = datasetOf(made(withHeader(radiograph, {}, { patientOrientation })).parametricMaps[0]);
    expect(textOf(itemsOf(shared(dataset), 'PlaneOrientationSequence')[0], 'ImageOrientationPatient')).toBe(
      orientation,
    );
    expect(textOf(dataset, 'FrameOfReferenceUID')).toMatch(/^2\.25\./);
  });

  it.each([
    ['does not say how it is turned', {}, { patientOrientation: [] }],
    ['contradicts itself', {}, { patientOrientation: ['L', 'R'] }],
    ['says nothing known', {}, { patientOrientation: ['X', 'F'] }],
    ['does not say how large it is', { ImagerPixelSpacing: '' }, {}],
    ['says that it has no size', { ImagerPixelSpacing: '0\\0' }, {}],
  ])('give no map, and a capture all the same, where the image %s', (_what, change: WritableDataset, header) => {
    const { parametricMaps, secondaryCaptures } = made(withHeader(radiograph, change, header));
    expect(parametricMaps).toEqual([]);
    expect(secondaryCaptures).toHaveLength(2);
  });

  it('never share a frame of reference: maps on two such images are two objects, each with its own', () => {
    const [source] = radiograph.sources;
    const [finding] = radiograph.set.findings;
    const map = radiograph.pictures.find(({ kind }) => kind === 'heat-map');
    if (source === undefined || finding === undefined || map === undefined) throw new Error('the case has changed');
    const sopInstanceUid = uidFromUuid('5');
    const other = { ...map.source, sopInstanceUid };
    const maps = made({
      set: { ...radiograph.set, findings: [{ ...finding, sources: [map.source, other] }] },
      sources: [source, { ...source, header: { ...source.header, sopInstanceUid } }],
      pictures: [map, { ...map, source: other }],
    }).parametricMaps.map((one) => datasetOf(one).FrameOfReferenceUID);
    expect(new Set(maps).size).toBe(2);
  });
});

describe('pixels', () => {
  it('that are probabilities are parts of 255', () => {
    const fractional = { SegmentationType: 'FRACTIONAL', SegmentationFractionalType: 'PROBABILITY' };
    const [binary, probability] = made(slices).segmentations.map(datasetOf);
    expect(probability).toMatchObject({ ...fractional, MaximumFractionalValue: 255 });
    expect([binary?.SegmentationType, binary?.MaximumFractionalValue]).toEqual(['BINARY', undefined]);
  });

  it('of one bit follow each other without a gap, the first in the lowest bit', () => {
    expect([...packBits([new Uint8Array([1, 0, 255]), new Uint8Array([0, 0, 0, 0, 1, 7])])]).toEqual([0b10000101, 1]);
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 9, maxLength: 9 }), { minLength: 1, maxLength: 4 }), (all) => {
        const packed = packBits(all);
        const bits = all.flatMap((frame) => [...frame]).map((_, i) => ((packed[i >>> 3] ?? 0) >>> (i & 7)) & 1);
        expect(bits).toEqual(all.flatMap((frame) => [...frame].map((value) => (value === 0 ? 0 : 1))));
      }),
    );
  });

  it('made of what was compressed with loss say so', () => {
    const lossy = {
      LossyImageCompression: '01',
      LossyImageCompressionRatio: '12',
      LossyImageCompressionMethod: 'ISO_10918_1',
    };
    expect(datasetOf(made(withHeader(radiograph, lossy)).segmentations[0])).toMatchObject(lossy);
    expect(datasetOf(made(slices).segmentations[0])).toMatchObject({ LossyImageCompression: '00' });
  });

  it('of several images are captured as pages, of one as a plain picture', () => {
    const [several, one] = made(slices).secondaryCaptures;
    expect(datasetOf(several)).toMatchObject({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.7.2',
      PageNumberVector: '1\\2\\3',
    });
    expect(datasetOf(one)).toMatchObject({ SOPClassUID: '1.2.840.10008.5.1.4.1.1.7' });
  });
});

describe('a series of pictures', () => {
  it('states the side that all its images state, and otherwise none', () => {
    const right = { laterality: { side: 'R', source: 'ImageLaterality' } };
    expect(textOf(datasetOf(made(withHeader(scan, {}, right)).parametricMaps[0]), 'Laterality')).toBe('R');
    expect(textOf(datasetOf(made(slices).parametricMaps[0]), 'Laterality')).toBeUndefined();
  });

  it('states none where its images state several', () => {
    const sides = slices.sources.map((source, index) => ({
      ...source,
      header: { ...source.header, laterality: { side: index === 0 ? 'L' : 'R', source: 'Laterality' } as const },
    }));
    expect(textOf(datasetOf(made({ ...slices, sources: sides }).parametricMaps[0]), 'Laterality')).toBeUndefined();
  });

  it('of one side is another than that of the other side', () => {
    const of = (side: string) => made(withHeader(scan, {}, { laterality: { side, source: 'ImageLaterality' } }));
    expect(of('R').secondaryCaptures[0]?.seriesInstanceUid).not.toBe(of('L').secondaryCaptures[0]?.seriesInstanceUid);
  });
});

describe('a source', () => {
  it('is refused where it has no pixels, or is no DICOM', () => {
    expect(() => sourcesOf([Buffer.from('nothing')])).toThrow('not a DICOM Part 10 file');
    expect(() => sourcesOf([made(slices).structuredReport?.bytes ?? Buffer.alloc(0)])).toThrow('no rows or columns');
  });
});
