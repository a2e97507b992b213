import type { PixelDescription } from '../../describe-pixels.ts';
import { Undecodable } from '../../unsupported.ts';

/** Start of Frame of a JPEG (ITU-T T.81 B.2.2) or JPEG-LS (T.87 C.2.2) image. */
export interface FrameHeader {
  /** Marker, 0xFFC0 and so on. */
  marker: number;
  precision: number;
  rows: number;
  columns: number;
  components: { id: number; horizontal: number; vertical: number; quantization: number }[];
}

export interface Segment {
  marker: number;
  /** Parameters, without marker and length; entropy coded data of a scan follows at `end`. */
  payload: Uint8Array;
  end: number;
}

/** The marker segment that begins at or after `at`, fill bytes passed over. */
export function segmentAt(bytes: Uint8Array, at: number): Segment {
  let start = at;
  while (bytes[start] === 0xff && bytes[start + 1] === 0xff) start++;
  const code = bytes[start + 1];
  if (bytes[start] !== 0xff || code === undefined || code === 0) throw new Undecodable('no marker where one should be');
  const marker = 0xff00 | code;
  if (standsAlone(code)) return { marker, payload: bytes.subarray(0, 0), end: start + 2 };
  const length = ((bytes[start + 2] ?? 0) << 8) | (bytes[start + 3] ?? 0);
  const end = start + 2 + length;
  if (length < 2 || end > bytes.length) throw new Undecodable('a marker segment is cut off');
  return { marker, payload: bytes.subarray(start + 4, end), end };
}

/** RST0–7, SOI, EOI and TEM have no parameters. */
function standsAlone(code: number): boolean {
  return (code >= 0xd0 && code <= 0xd9) || code === 0x01;
}

export function readFrameHeader({ marker, payload }: Segment): FrameHeader {
  const [precision = 0, rowsHigh = 0, rowsLow = 0, columnsHigh = 0, columnsLow = 0, count = 0] = payload;
  if (payload.length < 6 + count * 3) throw new Undecodable('a frame header is cut off');
  const components = Array.from({ length: count }, (_, i) => {
    const [id = 0, sampling = 0, quantization = 0] = payload.subarray(6 + i * 3, 9 + i * 3);
    return { id, horizontal: sampling >>> 4, vertical: sampling & 15, quantization };
  });
  return { marker, precision, rows: (rowsHigh << 8) | rowsLow, columns: (columnsHigh << 8) | columnsLow, components };
}

/** A codestream is trusted with memory only after it agrees with what the instance says of it. */
export function mustAgree(
  stream: { rows: number; columns: number; components: number; precision: number },
  description: PixelDescription,
): void {
  const { rows, columns, samplesPerPixel, bitsAllocated } = description;
  if (stream.rows !== rows || stream.columns !== columns)
    throw new Undecodable(`the frame is ${stream.columns} × ${stream.rows}, not ${columns} × ${rows}`);
  if (stream.components !== samplesPerPixel)
    throw new Undecodable(`the frame has ${stream.components} components, not ${samplesPerPixel}`);
  if (stream.precision < 1 || stream.precision > Math.max(8, bitsAllocated) || stream.precision > 16)
    throw new Undecodable(`the frame has ${stream.precision} bits a sample, ${bitsAllocated} are allocated`);
}
