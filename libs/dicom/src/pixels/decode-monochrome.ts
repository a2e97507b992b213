import { decimalsOf, groupOf, type FrameAttributes } from './attribute-values.ts';
import { bytesSource } from './byte-source.ts';
import { displayGrey, type Display } from './display-grey.ts';
import { openPixels } from './open-pixels.ts';
import { unsupported, type Unsupported } from './unsupported.ts';

/**
 * One frame as a display shows it: `values` row by row, grey 0 (black) to 255 (white) in the sense of MONOCHROME2, after the
 * modality rescale and the VOI window; without a window, stretched from the smallest to the largest value.
 */
export interface MonochromePixels {
  kind: 'pixels';
  width: number;
  height: number;
  values: Float32Array;
  /** How grey was made of the stored values. */
  display: Display;
  /** Row and column distance in mm: Pixel Spacing, else Imager Pixel Spacing. */
  spacingMm?: { row: number; column: number };
}

export type DecodedPixels = MonochromePixels | Unsupported;

/**
 * The display values of a single-frame monochrome image in a Part 10 file; everything else is `unsupported` with a reason that can stand
 * in a report: colours and several frames are never made into one grey picture. Never throws on malformed input.
 */
export async function decodeMonochromePixels(part10: Uint8Array): Promise<DecodedPixels> {
  const opened = await openPixels(bytesSource(part10));
  if (opened.kind === 'unsupported') return opened;
  const { photometric, frames, columns, rows } = opened.image.description;
  if (!photometric.startsWith('MONOCHROME')) return unsupported(`photometric interpretation ${photometric}`);
  if (frames !== 1) return unsupported(`${frames} frames`);
  const frame = await opened.image.frame(0);
  if (frame.kind === 'unsupported') return frame;
  const grey = displayGrey(frame);
  if (grey.kind === 'unsupported') return grey;
  const spacing = pixelSpacing(frame.attributes);
  const { values, display } = grey;
  return { kind: 'pixels', width: columns, height: rows, values, display, ...(spacing && { spacingMm: spacing }) };
}

/** Row and column distance in mm of one frame: Pixel Measures, Pixel Spacing, Imager Pixel Spacing. */
export function pixelSpacing(attributes: FrameAttributes): { row: number; column: number } | undefined {
  const group = groupOf(attributes, 'PixelMeasuresSequence');
  for (const keyword of ['PixelSpacing', 'ImagerPixelSpacing'] as const) {
    const [row, column] = decimalsOf(group, keyword);
    if (row !== undefined && column !== undefined && row > 0 && column > 0) return { row, column };
  }
  return undefined;
}
