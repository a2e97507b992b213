import type { PixelDescription } from '../describe-pixels.ts';
import type { Cells } from '../stored-values.ts';
import { Undecodable } from '../unsupported.ts';
import { mustAgree } from './jpeg/frame-header.ts';
import { silently, WasmCodec } from './wasm-codec.ts';

const openJpeg = new WasmCodec('OpenJPEG', async () => {
  const { default: create } = await import('@cornerstonejs/codec-openjpeg/decodewasmjs');
  return create(silently());
});

interface Codestream {
  rows: number;
  columns: number;
  components: number;
  precision: number;
  signed: boolean;
  tiles: number;
  /** The multiple component transform is used: colours come out as RGB (T.800 Annex G). */
  colourTransform: boolean;
}

/** More tiles than any encoder makes of one frame cost more than they hold. */
const mostTiles = 1 << 14;

export interface DecodedJpeg2000 {
  cells: Cells;
  precision: number;
  signed: boolean;
  colourTransform: boolean;
}

/** JPEG 2000 and its high throughput form (ITU-T T.800, T.814), alone or in the boxes of a JP2 file. */
export async function decodeJpeg2000(bytes: Uint8Array, description: PixelDescription): Promise<DecodedJpeg2000> {
  const codestream = readCodestream(bytes);
  mustAgree(codestream, description);
  if (codestream.tiles > mostTiles) throw new Undecodable(`a frame of ${codestream.tiles} tiles`);
  return openJpeg.run((module) => {
    const decoder = new module.J2KDecoder();
    try {
      decoder.getEncodedBuffer(bytes.length).set(bytes);
      decoder.decode();
      return { ...codestream, cells: cellsCopied(decoder.getDecodedBuffer(), codestream) };
    } finally {
      decoder.delete();
    }
  });
}

function cellsCopied(decoded: Uint8Array, { rows, columns, components, precision }: Codestream): Cells {
  const size = precision > 8 ? 2 : 1;
  const length = rows * columns * components * size;
  if (decoded.length < length) throw new Undecodable('the JPEG 2000 codestream is cut off or damaged');
  const copy = decoded.slice(0, length);
  return size === 1 ? copy : new Uint16Array(copy.buffer);
}

const sizeMarker = 0xff51;
const codingMarker = 0xff52;
const startOfTile = 0xff90;

/** SIZ and COD of the main header (T.800 A.5.1, A.6.1). */
function readCodestream(bytes: Uint8Array): Codestream {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = codestreamStart(bytes, view);
  try {
    let size: Omit<Codestream, 'colourTransform'> | undefined;
    for (let at = start + 2; ; at += 2 + view.getUint16(at + 2)) {
      const marker = view.getUint16(at);
      if (marker === sizeMarker) size = readSize(view, at + 4);
      if (marker === codingMarker && size !== undefined)
        return { ...size, colourTransform: view.getUint8(at + 8) === 1 };
      if (marker < 0xff00 || marker >= startOfTile) throw new Undecodable('the frame is no JPEG 2000 codestream');
    }
  } catch (error) {
    if (error instanceof RangeError) throw new Undecodable('the header of the JPEG 2000 codestream is cut off');
    throw error;
  }
}

function readSize(view: DataView, at: number): Omit<Codestream, 'colourTransform'> {
  const [right, bottom, left, top] = [2, 6, 10, 14].map((offset) => view.getUint32(at + offset)) as Four;
  const [tileWidth, tileHeight, tileLeft, tileTop] = [18, 22, 26, 30].map((offset) =>
    view.getUint32(at + offset),
  ) as Four;
  const components = view.getUint16(at + 34);
  const first = view.getUint8(at + 36);
  for (let i = 0; i < components; i++) {
    if (view.getUint8(at + 36 + i * 3) !== first) throw new Undecodable('components of different depth');
    if (view.getUint16(at + 37 + i * 3) !== 0x0101) throw new Undecodable('components of different size');
  }
  const tiles = Math.ceil((right - tileLeft) / tileWidth) * Math.ceil((bottom - tileTop) / tileHeight);
  const precision = (first & 0x7f) + 1;
  return { rows: bottom - top, columns: right - left, components, precision, signed: first >= 0x80, tiles };
}

type Four = [number, number, number, number];

/** A codestream alone, or the first one in the boxes of a JP2 file (T.800 Annex I). */
function codestreamStart(bytes: Uint8Array, view: DataView): number {
  if (bytes[0] === 0xff && bytes[1] === 0x4f) return 0;
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = view.getUint32(at);
    if (view.getUint32(at + 4) === 0x6a703263) return at + (length === 1 ? 16 : 8);
    if (length < 8) break;
    at += length;
  }
  throw new Undecodable('the frame is no JPEG 2000 codestream');
}
