import type { Photometric, PixelDescription } from '../../describe-pixels.ts';
import type { Cells } from '../../stored-values.ts';
import { Undecodable } from '../../unsupported.ts';
import { BitReader } from './bit-reader.ts';
import { decodeDctScan, readQuantizationTables, type QuantizationTables } from './dct-scan.ts';
import { mustAgree, readFrameHeader, segmentAt, type Segment } from './frame-header.ts';
import { fullSizeCells } from './full-size.ts';
import { readHuffmanTables, type HuffmanTables } from './huffman-table.ts';
import { frameFor, type JpegFrame, type ScanComponent } from './jpeg-frame.ts';
import { decodeLosslessScan } from './lossless-scan.ts';

export interface DecodedJpeg {
  cells: Cells;
  precision: number;
  photometric: Photometric;
}

const baseline = 0xffc0;
const extended = 0xffc1;
const lossless = 0xffc3;
const huffman = 0xffc4;
const startOfImage = 0xffd8;
const endOfImage = 0xffd9;
const startOfScan = 0xffda;
const quantization = 0xffdb;
const restart = 0xffdd;
const jfif = 0xffe0;
const adobe = 0xffee;

/**
 * One JPEG image (ITU-T T.81) coded by Huffman codes: sequential DCT of 8 or 12 bits (DICOM .50 and .51), or lossless of 2 to 16 bits
 * (.57 and .70). A frame that ends early is refused, where other readers paint the rest grey.
 */
export function decodeJpeg(bytes: Uint8Array, description: PixelDescription): DecodedJpeg {
  const image = new JpegImage(bytes, description);
  for (let at = image.start(); ;) {
    const segment = segmentAt(bytes, at);
    if (segment.marker === endOfImage) break;
    at = image.take(segment);
    if (image.isWhole) break;
  }
  return image.decoded();
}

class JpegImage {
  readonly #bytes: Uint8Array;
  readonly #description: PixelDescription;
  readonly #huffman: HuffmanTables = new Map();
  readonly #quantization: QuantizationTables = new Map();
  #restartInterval = 0;
  #frame: JpegFrame | undefined;
  #colour: Photometric | undefined;

  constructor(bytes: Uint8Array, description: PixelDescription) {
    this.#bytes = bytes;
    this.#description = description;
  }

  get isWhole(): boolean {
    return this.#frame?.components.every(({ decoded }) => decoded) ?? false;
  }

  start(): number {
    const segment = segmentAt(this.#bytes, 0);
    if (segment.marker !== startOfImage) throw new Undecodable('the frame is no JPEG image');
    return segment.end;
  }

  /** Takes a segment and the scan that may follow it; where the next one begins. */
  take(segment: Segment): number {
    const { marker, payload, end } = segment;
    if (marker === huffman) readHuffmanTables(payload, this.#huffman);
    else if (marker === quantization) readQuantizationTables(payload, this.#quantization);
    else if (marker === restart) this.#restartInterval = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
    else if (marker === startOfScan) return this.#scan(payload, end);
    else if (marker === jfif && startsWith(payload, 'JFIF')) this.#colour ??= 'YBR_FULL';
    else if (marker === adobe && startsWith(payload, 'Adobe')) this.#colour = payload[11] === 0 ? 'RGB' : 'YBR_FULL';
    else if (marker >= 0xffc0 && marker <= 0xffcf) this.#frame = this.#newFrame(segment);
    return end;
  }

  decoded(): DecodedJpeg {
    if (this.#frame === undefined || !this.isWhole) throw new Undecodable('the frame ends before its pixels');
    const { precision } = this.#frame.header;
    return { cells: fullSizeCells(this.#frame), precision, photometric: this.#photometric(this.#frame) };
  }

  #newFrame(segment: Segment): JpegFrame {
    if (this.#frame !== undefined) throw new Undecodable('a second frame header');
    const header = readFrameHeader(segment);
    const isLossless = segment.marker === lossless;
    if (segment.marker !== baseline && segment.marker !== extended && !isLossless)
      throw new Undecodable('the JPEG process is progressive, hierarchical or arithmetic');
    if (!isLossless && header.precision !== 8 && header.precision !== 12)
      throw new Undecodable(`a DCT of ${header.precision} bits`);
    mustAgree({ ...header, components: header.components.length }, this.#description);
    return frameFor(header, isLossless ? 1 : 8);
  }

  #scan(payload: Uint8Array, at: number): number {
    const frame = this.#frame;
    if (frame === undefined) throw new Undecodable('a scan before the frame header');
    const scan = this.#scanComponents(frame, payload);
    const [predictor = 0, , transform = 0] = payload.subarray(1 + (payload[0] ?? 0) * 2);
    const reader = new BitReader(this.#bytes, at);
    if (frame.header.marker === lossless) {
      decodeLosslessScan(reader, frame, scan, { predictor, pointTransform: transform & 15 }, this.#restartInterval);
    } else decodeDctScan(reader, frame, scan, this.#quantization, this.#restartInterval);
    return reader.end();
  }

  /** Components of a scan and their tables (T.81 B.2.3); each comes in one scan of a sequential frame. */
  #scanComponents(frame: JpegFrame, payload: Uint8Array): ScanComponent[] {
    const count = payload[0] ?? 0;
    if (count < 1 || payload.length < 4 + count * 2) throw new Undecodable('a scan header is cut off');
    return Array.from({ length: count }, (_, i) => {
      const [id = 0, tables = 0] = payload.subarray(1 + i * 2, 3 + i * 2);
      const component = frame.components.find((one) => one.id === id);
      const dc = this.#huffman.get(tables >>> 4);
      if (component === undefined || component.decoded) throw new Undecodable('a scan of no component of the frame');
      if (dc === undefined) throw new Undecodable('a Huffman table is missing');
      component.decoded = true;
      return { component, dc, ac: this.#huffman.get(16 + (tables & 15)) };
    });
  }

  /** What the stream says of its colours counts more than the instance: writers label YCbCr as RGB. */
  #photometric({ header, components }: JpegFrame): Photometric {
    const { photometric } = this.#description;
    if (components.length === 1) return photometric;
    const named = header.marker === lossless ? undefined : (this.#colour ?? colourOfIds(components));
    return named ?? (photometric === 'RGB' ? 'RGB' : 'YBR_FULL');
  }
}

/** Components named R, G and B. */
function colourOfIds(components: readonly { id: number }[]): Photometric | undefined {
  return String.fromCharCode(...components.map(({ id }) => id)) === 'RGB' ? 'RGB' : undefined;
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return String.fromCharCode(...bytes.subarray(0, text.length)) === text;
}
