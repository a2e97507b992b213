import { paletteOf } from './palette.ts';
import { lookUp } from './lookup-table.ts';
import type { StoredFrame } from './stored-frame.ts';
import { unsupported, type Unsupported } from './unsupported.ts';

/** Red, green and blue of each pixel beside each other, row by row, 8 bits each. */
export type RgbPixels = { kind: 'rgb'; values: Uint8Array } | Unsupported;

/** A colour frame as a display shows it. A monochrome one is no colour frame: `displayGrey` shows it. */
export function rgbPixels(frame: StoredFrame): RgbPixels {
  switch (frame.photometric) {
    case 'RGB':
      return { kind: 'rgb', values: inEightBits(frame) };
    case 'YBR_FULL':
      return { kind: 'rgb', values: fromYbrFull(inEightBits(frame)) };
    case 'PALETTE COLOR':
      return fromPalette(frame);
    case 'YBR_FULL_422':
      // Compressed in a syntax that keeps colours as they are: all samples are there.
      return { kind: 'rgb', values: fromYbrFull(inEightBits(frame)) };
    default:
      return unsupported(`photometric interpretation ${frame.photometric}`);
  }
}

function inEightBits({ values, description }: StoredFrame): Uint8Array {
  if (values instanceof Uint8Array && description.bitsStored === 8) return values;
  const scale = 255 / (2 ** description.bitsStored - 1);
  const eight = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) eight[i] = Math.round((values[i] ?? 0) * scale);
  return eight;
}

/** PS3.3 C.7.6.3.1.2, turned round. */
function fromYbrFull(ybr: Uint8Array): Uint8Array {
  const rgb = new Uint8ClampedArray(ybr.length);
  for (let at = 0; at + 3 <= ybr.length; at += 3) {
    const y = ybr[at] ?? 0;
    const blue = (ybr[at + 1] ?? 0) - 128;
    const red = (ybr[at + 2] ?? 0) - 128;
    rgb[at] = y + 1.402 * red;
    rgb[at + 1] = y - 0.344136 * blue - 0.714136 * red;
    rgb[at + 2] = y + 1.772 * blue;
  }
  return new Uint8Array(rgb.buffer);
}

function fromPalette({ values, attributes, description }: StoredFrame): RgbPixels {
  const palette = paletteOf(attributes.dataSet, description.signed);
  if (palette === undefined) return unsupported('the palette is missing or malformed');
  const rgb = new Uint8Array(values.length * 3);
  palette.forEach((table, colour) => {
    const scale = 255 / table.top;
    for (let i = 0; i < values.length; i++) rgb[i * 3 + colour] = Math.round(lookUp(table, values[i] ?? 0) * scale);
  });
  return { kind: 'rgb', values: rgb };
}
