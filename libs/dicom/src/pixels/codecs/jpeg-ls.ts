import type { PixelDescription } from '../describe-pixels.ts';
import { interleave, type Cells } from '../stored-values.ts';
import { Undecodable } from '../unsupported.ts';
import { mustAgree, readFrameHeader, segmentAt, type FrameHeader } from './jpeg/frame-header.ts';
import { silently, WasmCodec } from './wasm-codec.ts';

const charLs = new WasmCodec('CharLS', async () => {
  const { default: create } = await import('@cornerstonejs/codec-charls/decodewasmjs');
  return create(silently());
});

const startOfImage = 0xffd8;
const startOfFrame55 = 0xfff7;
const startOfScan = 0xffda;

/** JPEG-LS, lossless and near-lossless (ITU-T T.87). */
export async function decodeJpegLs(
  bytes: Uint8Array,
  description: PixelDescription,
): Promise<{ cells: Cells; precision: number }> {
  const header = headerOf(bytes);
  mustAgree({ ...header, components: header.components.length }, description);
  return charLs.run((module) => {
    const decoder = new module.JpegLSDecoder();
    try {
      decoder.getEncodedBuffer(bytes.length).set(bytes);
      decoder.decode();
      const cells = cellsCopied(decoder.getDecodedBuffer(), header);
      const planar = decoder.getInterleaveMode() === 0 && header.components.length > 1;
      return { cells: planar ? interleave(cells, header.components.length) : cells, precision: header.precision };
    } finally {
      decoder.delete();
    }
  });
}

function headerOf(bytes: Uint8Array): FrameHeader {
  if (segmentAt(bytes, 0).marker !== startOfImage) throw new Undecodable('the frame is no JPEG-LS image');
  for (let at = 2; ;) {
    const segment = segmentAt(bytes, at);
    if (segment.marker === startOfFrame55) return readFrameHeader(segment);
    if (segment.marker === startOfScan) throw new Undecodable('the frame is no JPEG-LS image');
    at = segment.end;
  }
}

/** Out of memory that the next frame overwrites. */
function cellsCopied(decoded: Uint8Array, { rows, columns, components, precision }: FrameHeader): Cells {
  const size = precision > 8 ? 2 : 1;
  const length = rows * columns * components.length * size;
  if (decoded.length < length) throw new Undecodable('CharLS gave fewer pixels than the frame has');
  const copy = decoded.slice(0, length);
  return size === 1 ? copy : new Uint16Array(copy.buffer);
}
