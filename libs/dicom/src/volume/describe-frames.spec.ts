import { describe, expect, it } from '@jest/globals';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { axialHead, classicSeries, enhancedSeries, type Scan } from '../../../../test/support/phantom.ts';
import { encodeFileMeta } from '../file-meta.ts';
import { deflatedExplicitVrLittleEndian } from '../transfer-syntax.ts';
import { encodeDataSet, encodePart10, type WritableDataset } from '../write-data-set.ts';
import { describeFrames } from './describe-frames.ts';
import type { FrameDescription } from './frame-description.ts';

const scan: Scan = { ...axialHead, rows: 4, columns: 5, slices: 3, sliceSpacing: 4, sliceThickness: 4 };

function framesOf(file: Buffer): FrameDescription[] {
  const described = describeFrames(file);
  if (described.kind === 'invalid') throw new Error(described.reason);
  return described.frames;
}

const float64 = (value: number): Uint8Array => new Uint8Array(new Float64Array([value]).buffer);

describe('the description of a frame', () => {
  it('is read of the attributes of a single-frame object', () => {
    const [file] = classicSeries({ ...scan, also: () => ({ EchoTime: '12.5', AcquisitionNumber: '4' }) });
    expect(framesOf(file ?? Buffer.of())).toEqual([
      {
        sopInstanceUid: '2.25.703.1',
        frameNumber: 1,
        instanceNumber: 1,
        modality: 'CT',
        rows: 4,
        columns: 5,
        imageType: ['ORIGINAL', 'PRIMARY', 'AXIAL'],
        imagePositionPatient: [-0.2, -14.4, 836],
        imageOrientationPatient: { row: [1, 0, 0], column: [0, 1, 0] },
        pixelSpacing: { row: 1.6, column: 1.6 },
        sliceThickness: 4,
        rescale: { slope: 1, intercept: 0 },
        distinctions: {
          SeriesInstanceUID: '2.25.701',
          FrameOfReferenceUID: '2.25.702',
          Rows: '4',
          Columns: '5',
          ImageType: 'ORIGINAL\\PRIMARY\\AXIAL',
          EchoTime: '12.5',
          AcquisitionNumber: '4',
        },
      },
    ]);
  });

  it('is read of the functional groups of an enhanced object, its own before the shared ones', () => {
    const own: WritableDataset = {
      PixelMeasuresSequence: [{ PixelSpacing: '0.5\\0.6' }],
      MREchoSequence: [{ EffectiveEchoTime: float64(81.5) }],
      MRDiffusionSequence: [{ DiffusionBValue: float64(1_000) }],
      FrameContentSequence: [
        { StackID: '2', FrameAcquisitionNumber: 7, TemporalPositionIndex: Uint8Array.of(3, 0, 0, 0) },
      ],
      CardiacSynchronizationSequence: [{ NominalCardiacTriggerDelayTime: float64(40) }],
      MRImageFrameTypeSequence: [{ FrameType: 'ORIGINAL\\PRIMARY\\DIFFUSION\\NONE' }],
    };
    const [first, second] = framesOf(
      encodePart10({
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.4.1',
        SOPInstanceUID: '1.2.3',
        Rows: 4,
        Columns: 5,
        NumberOfFrames: '2',
        ImageType: 'ORIGINAL\\PRIMARY\\VOLUME\\NONE',
        SharedFunctionalGroupsSequence: [{ PixelMeasuresSequence: [{ PixelSpacing: '0.9\\0.9' }] }],
        PerFrameFunctionalGroupsSequence: [own, {}],
      }),
    );
    expect(first).toMatchObject({
      frameNumber: 1,
      pixelSpacing: { row: 0.5, column: 0.6 },
      imageType: ['ORIGINAL', 'PRIMARY', 'DIFFUSION', 'NONE'],
      distinctions: {
        EchoTime: '81.5',
        DiffusionBValue: '1000',
        StackID: '2',
        AcquisitionNumber: '7',
        TemporalPositionIdentifier: '3',
        TriggerTime: '40',
      },
    });
    expect(second).toMatchObject({ frameNumber: 2, pixelSpacing: { row: 0.9, column: 0.9 } });
    expect(second?.imageType[2]).toBe('VOLUME');
  });

  it('needs no pixels: the file may end before them', () => {
    const file = enhancedSeries(scan, () => 0);
    expect(framesOf(file.subarray(0, file.length - 100))).toEqual(framesOf(file));
  });

  it('is read of a deflated data set through the inflater it is given, and refused without', () => {
    const meta = encodeFileMeta({
      sopClassUid: '1.2',
      sopInstanceUid: '1.2.3.4',
      transferSyntaxUid: deflatedExplicitVrLittleEndian,
    });
    const file = Buffer.concat([
      meta,
      deflateRawSync(encodeDataSet({ SOPInstanceUID: '1.2.3.4', Rows: 1, Columns: 1 })),
    ]);
    expect(describeFrames(file).kind).toBe('invalid');
    expect(describeFrames(file, (bytes) => inflateRawSync(bytes))).toMatchObject({ frames: [{ rows: 1 }] });
  });

  it.each([
    ['SOPInstanceUID is missing', { SOPInstanceUID: '' }],
    ['no rows or columns', { Rows: 0 }],
    ['0 frames', { NumberOfFrames: '0' }],
    ['2000000000 frames', { NumberOfFrames: '2000000000' }],
    ['1.5 frames', { NumberOfFrames: '1.5' }],
  ])('is refused: %s', (reason, wrong) => {
    const [file] = classicSeries({ ...scan, also: () => wrong });
    expect(describeFrames(file ?? Buffer.of())).toEqual({ kind: 'invalid', reason });
  });

  it.each([
    ['imagePositionPatient', { ImagePositionPatient: '1\\2' }],
    ['imagePositionPatient', { ImagePositionPatient: '1\\2\\x' }],
    ['imagePositionPatient', { ImagePositionPatient: '1\\\\3' }],
    ['imageOrientationPatient', { ImageOrientationPatient: '1\\0\\0\\0\\0\\0' }],
    ['pixelSpacing', { PixelSpacing: '0\\1' }],
    ['pixelSpacing', { PixelSpacing: '-1\\1' }],
    ['pixelSpacing', { PixelSpacing: '1' }],
  ] as const)('has no %s where it is malformed: %j', (member, wrong) => {
    const [file] = classicSeries({ ...scan, also: () => wrong });
    expect(framesOf(file ?? Buffer.of())[0]).not.toHaveProperty(member);
  });

  it('never throws on a file cut at any byte or with flipped bytes', () => {
    const file = enhancedSeries(scan);
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let end = 0; end < file.length; end++) expect(() => describeFrames(file.subarray(0, end))).not.toThrow();
    for (let round = 0; round < 3_000; round++) {
      const broken = Buffer.from(file);
      for (let i = 0; i <= random(4); i++) broken[132 + random(broken.length - 132)] = random(256);
      expect(() => describeFrames(broken)).not.toThrow();
    }
  });
});
