import { Undecodable } from '../../unsupported.ts';
import type { BitReader } from './bit-reader.ts';
import { inverseDct } from './inverse-dct.ts';
import type { Component, JpegFrame, ScanComponent } from './jpeg-frame.ts';

/** Quantization tables by destination, in zigzag order. */
export type QuantizationTables = Map<number, Uint16Array>;

/** Where the coefficients of a block lie, in the order they are coded (ITU-T T.81 figure A.6). */
const zigzag = Uint8Array.from([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
]);

interface Coded extends ScanComponent {
  quantization: Uint16Array;
  /** DC of the block before. */
  previous: number;
}

/** Tables of a DQT segment (T.81 B.2.4.1). */
export function readQuantizationTables(payload: Uint8Array, tables: QuantizationTables): void {
  for (let at = 0; at < payload.length;) {
    const head = payload[at] ?? 0;
    const wide = head >= 16;
    const end = at + 1 + (wide ? 128 : 64);
    if (end > payload.length) throw new Undecodable('a quantization table is cut off');
    const entry = (i: number): number =>
      wide ? ((payload[at + 1 + i * 2] ?? 0) << 8) | (payload[at + 2 + i * 2] ?? 0) : (payload[at + 1 + i] ?? 0);
    tables.set(
      head & 15,
      Uint16Array.from({ length: 64 }, (_, i) => entry(i)),
    );
    at = end;
  }
}

/** Decodes one scan of a sequential DCT frame, 8 or 12 bits, baseline or extended (T.81 F.2). */
export function decodeDctScan(
  reader: BitReader,
  frame: JpegFrame,
  scan: ScanComponent[],
  tables: QuantizationTables,
  restartInterval: number,
): void {
  const coded = scan.map((entry): Coded => {
    const quantization = tables.get(entry.component.quantization);
    if (quantization === undefined) throw new Undecodable('a quantization table is missing');
    return { ...entry, quantization, previous: 0 };
  });
  const block = new Int32Array(64);
  const [only] = coded;
  const alone = coded.length === 1 && only !== undefined ? only.component : undefined;
  const across = Math.ceil(alone ? alone.width / 8 : frame.header.columns / (8 * frame.horizontal));
  const down = Math.ceil(alone ? alone.height / 8 : frame.header.rows / (8 * frame.vertical));
  for (let unit = 0; unit < across * down; unit++) {
    if (restartInterval > 0 && unit > 0 && unit % restartInterval === 0) {
      reader.restart();
      for (const entry of coded) entry.previous = 0;
    }
    const column = unit % across;
    const row = Math.floor(unit / across);
    for (const entry of coded) {
      const { horizontal, vertical } = alone ? { horizontal: 1, vertical: 1 } : entry.component;
      for (let i = 0; i < horizontal * vertical; i++) {
        decodeBlock(reader, entry, block);
        inverseDct(block, frame.header.precision);
        const x = column * horizontal + (i % horizontal);
        store(block, entry.component, x, row * vertical + Math.floor(i / horizontal), frame.header.precision);
      }
    }
  }
}

function decodeBlock(reader: BitReader, coded: Coded, block: Int32Array): void {
  const { dc, ac, quantization } = coded;
  if (ac === undefined) throw new Undecodable('a Huffman table is missing');
  block.fill(0);
  const size = reader.symbol(dc);
  if (size > 15) throw new Undecodable('a coefficient of more than 15 bits');
  coded.previous += reader.signed(size);
  block[0] = coded.previous * (quantization[0] ?? 0);
  for (let k = 1; k < 64; k++) {
    const symbol = reader.symbol(ac);
    const run = symbol >>> 4;
    if ((symbol & 15) === 0) {
      if (run < 15) return;
      k += 15;
      continue;
    }
    k += run;
    const at = zigzag[k];
    if (at === undefined) throw new Undecodable('more coefficients than a block has');
    block[at] = reader.signed(symbol & 15) * (quantization[k] ?? 0);
  }
}

function store(block: Int32Array, { plane, stride }: Component, x: number, y: number, precision: number): void {
  const middle = 1 << (precision - 1);
  const top = middle * 2 - 1;
  for (let row = 0; row < 8; row++) {
    const at = (y * 8 + row) * stride + x * 8;
    for (let column = 0; column < 8; column++) {
      const value = (block[row * 8 + column] ?? 0) + middle;
      plane[at + column] = value < 0 ? 0 : value > top ? top : value;
    }
  }
}
