import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodePart10 } from '@sightline/dicom';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { ProcessPixelReader } from './process-pixel-reader.ts';

const never = new AbortController().signal;
const wanted = { frames: [1], grey: { kind: 'display' } } as const;

/** Rows and columns as they are claimed; the pixels are those of 4 × 4. */
function image(rows: number, columns: number): Uint8Array {
  return encodePart10({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1',
    SOPInstanceUID: '2.25.1',
    StudyInstanceUID: '2.25.2',
    SeriesInstanceUID: '2.25.3',
    Modality: 'DX',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: rows,
    Columns: columns,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    PixelData: Uint8Array.from({ length: 16 }, (_, i) => i * 16),
  });
}

describe('ProcessPixelReader', () => {
  let pixels: ProcessPixelReader;

  beforeEach(() => {
    pixels = new ProcessPixelReader();
  });

  afterEach(() => pixels.close());

  it('decodes an image in another process', async () => {
    expect(await pixels.decode(image(4, 4), wanted, never)).toMatchObject({
      kind: 'computed',
      value: [{ kind: 'grey', width: 4, height: 4 }],
    });
  });

  it('refuses an image that claims 65 535 × 65 535 pixels at once, and reads the next', async () => {
    const from = performance.now();
    const bomb = await pixels.decode(image(65_535, 65_535), wanted, never);
    expect(bomb).toMatchObject({ kind: 'computed', value: [{ kind: 'unsupported' }] });
    expect(performance.now() - from).toBeLessThan(10_000);
    expect((await pixels.decode(image(4, 4), wanted, never)).kind).toBe('computed');
  });

  it('calls what takes more memory than it may a failure, and reads the next in another process', async () => {
    // More than a process takes to begin with is more than this one may; it looks at itself many times a second.
    const starved = new ProcessPixelReader(1);
    const decode = () => starved.decode(image(4, 4), wanted, AbortSignal.timeout(20_000));
    try {
      let decoded = await decode();
      while (decoded.kind === 'computed') decoded = await decode();
      expect(decoded.failure).toMatchObject({ kind: 'unavailable', message: expect.stringContaining('more memory') });
      // The other one may look at itself before it has read.
      await waitFor(async () => (await decode()).kind === 'computed');
    } finally {
      await starved.close();
    }
  });

  it('ends at the time limit of whoever asks', async () => {
    const stop = AbortSignal.timeout(1);
    await expect(pixels.decode(image(4, 4), wanted, stop)).rejects.toThrow(/timeout/i);
    expect((await pixels.decode(image(4, 4), wanted, never)).kind).toBe('computed');
  });
});
