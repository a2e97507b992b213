import type { PixelDescription } from '../../describe-pixels.ts';
import type { Cells } from '../../stored-values.ts';
import { Undecodable } from '../../unsupported.ts';
import { mustAgree, readFrameHeader, segmentAt, type FrameHeader } from '../jpeg/frame-header.ts';
import { BitReader } from './bit-reader.ts';
import { decodeScan, type Interleave } from './decode-scan.ts';
import { noPreset, readPreset, scanParameters, type Preset } from './scan-parameters.ts';

const startOfImage = 0xffd8;
const endOfImage = 0xffd9;
const startOfScan = 0xffda;
const restart = 0xffdd;
const colourTransform = 0xffe8;
const startOfFrame = 0xfff7;
const preset = 0xfff8;

const interleaves: readonly Interleave[] = ['none', 'line', 'sample'];

/**
 * One JPEG-LS image, lossless or near-lossless (ITU-T T.87): work is bounded by the pixels of the frame, and one that ends early is
 * refused.
 */
export function decodeJpegLs(bytes: Uint8Array, description: PixelDescription): { cells: Cells; precision: number } {
  if (segmentAt(bytes, 0).marker !== startOfImage) throw new Undecodable('the frame is no JPEG-LS image');
  const image = new JpegLsImage(bytes, description);
  for (let at = 2; !image.isWhole;) {
    const segment = segmentAt(bytes, at);
    if (segment.marker === endOfImage) throw new Undecodable('the frame ends before its pixels');
    at = image.take(segment);
  }
  return image.decoded();
}

class JpegLsImage {
  readonly #bytes: Uint8Array;
  readonly #description: PixelDescription;
  #preset: Preset = noPreset;
  #header: FrameHeader | undefined;
  #cells: Cells = new Uint8Array();
  readonly #decoded = new Set<number>();

  constructor(bytes: Uint8Array, description: PixelDescription) {
    this.#bytes = bytes;
    this.#description = description;
  }

  get isWhole(): boolean {
    return this.#header !== undefined && this.#decoded.size === this.#header.components.length;
  }

  /** Takes a segment and the scan that may follow it; where the next one begins. */
  take({ marker, payload, end }: ReturnType<typeof segmentAt>): number {
    switch (marker) {
      case preset:
        this.#preset = readPreset(payload);
        return end;
      case startOfFrame:
        this.#begin(readFrameHeader({ marker, payload, end }));
        return end;
      case restart:
        if (payload.some((byte) => byte !== 0)) throw new Undecodable('JPEG-LS with restart intervals');
        return end;
      case colourTransform:
        if (String.fromCharCode(...payload.subarray(0, 4)) === 'mrfx' && payload[4] !== 0)
          throw new Undecodable('JPEG-LS with a colour transform');
        return end;
      case startOfScan:
        return this.#scan(payload, end);
      default:
        return end;
    }
  }

  decoded(): { cells: Cells; precision: number } {
    return { cells: this.#cells, precision: this.#header?.precision ?? 0 };
  }

  #begin(header: FrameHeader): void {
    if (this.#header !== undefined) throw new Undecodable('a second frame header');
    mustAgree({ ...header, components: header.components.length }, this.#description);
    if (header.precision < 2) throw new Undecodable('JPEG-LS of one bit');
    const length = header.rows * header.columns * header.components.length;
    this.#cells = header.precision > 8 ? new Uint16Array(length) : new Uint8Array(length);
    this.#header = header;
  }

  /** T.87 C.2.3. */
  #scan(payload: Uint8Array, at: number): number {
    const header = this.#header;
    if (header === undefined) throw new Undecodable('a scan before the frame header');
    const count = payload[0] ?? 0;
    const [near = 0, mode = 0, transform = 0] = payload.subarray(1 + count * 2);
    const interleave = count === 1 ? 'none' : interleaves[mode];
    if (payload.length < 4 + count * 2 || interleave === undefined || transform !== 0)
      throw new Undecodable('a scan header is malformed');
    if (count < 1 || (interleave === 'none' && count > 1)) throw new Undecodable('a scan header is malformed');
    const components = Array.from({ length: count }, (_, i) => this.#component(header, payload[1 + i * 2] ?? 0));
    const reader = new BitReader(this.#bytes, at);
    const { rows, columns } = header;
    const parameters = scanParameters(header.precision, near, this.#preset);
    decodeScan(reader, parameters, { rows, columns, components: count }, interleave, (i, row, line) => {
      const step = header.components.length;
      let to = row * columns * step + (components[i] ?? 0);
      for (let x = 1; x <= columns; x++, to += step) this.#cells[to] = line[x] ?? 0;
    });
    return reader.end();
  }

  /** Which component of the frame an identifier names; each comes once. */
  #component(header: FrameHeader, id: number): number {
    const index = header.components.findIndex((component) => component.id === id);
    if (index < 0 || this.#decoded.has(index)) throw new Undecodable('a scan of no component of the frame');
    this.#decoded.add(index);
    return index;
  }
}
