import { mostOpaqueEvidence, type ModelOutput } from '@sightline/contracts';
import sharp from 'sharp';
import { calibrate } from '../reading/calibrate.ts';
import type { Answer, Tensor } from '../runtime.ts';

/** Of the map before it is stretched to the image: above any feature map's, and little work for the event loop. */
const drawnSide = 64;

/** Pixels of the longer side as it is kept: nothing in it is finer, and whoever lays it over its image stretches it to that. */
const longestSide = 512;

/** Of a calibrated logit above the image's own mean: a map that varies by less says of no place more than of another. */
const leastContrast = 0.5;

/** In pixels. */
export interface Size {
  width: number;
  height: number;
}

/** Of the map that lies over an image: in the image's proportions. */
export function heatMapSize({ width, height }: Size): Size {
  const scale = Math.min(1, longestSide / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/**
 * Where in the image the evidence for one output is greater than in the image as a whole, as an RGBA PNG of `width` × `height`
 * pixels to stretch over it. It fades with the calibrated probability, so an image the model calls clear has a clear map, and it is
 * faint where the evidence is alike everywhere. It explains an answer and gives no place: neither side nor zone may be read
 * from it.
 */
export async function drawHeatMap(output: ModelOutput, answer: Answer, { width, height }: Size): Promise<Buffer> {
  const evidence = evidenceOf(output, answer);
  return sharp(colour(evidence), { raw: { width: drawnSide, height: drawnSide, channels: 4 } })
    .resize(width, height, { fit: 'fill', kernel: 'cubic' })
    .png()
    .toBuffer();
}

/** Evidence by cell, 0–1, row by row: class activation (Zhou et al., CVPR 2016), whose mean is the logit without its bias. */
export function evidenceOf(
  output: ModelOutput,
  answer: Answer,
): { values: Float32Array; columns: number; rows: number } {
  const { values, columns, rows } = channel(answer.activation, output.index);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const above = values.map((value) => Math.max(0, output.calibration.slope * (value - mean)));
  const scale = above.reduce((most, value) => Math.max(most, value), leastContrast);
  const probability = calibrate(output, answer.logits.data[output.index] ?? Number.NaN);
  return { values: above.map((value) => (probability * value) / scale), columns, rows };
}

function channel({ dims, data }: Tensor, index: number): { values: Float32Array; columns: number; rows: number } {
  const [, channels = 1, rows = 1, columns = 1] = dims;
  const at = Math.min(index, channels - 1) * rows * columns;
  return { values: data.slice(at, at + rows * columns), columns, rows };
}

/** Yellow to red as evidence grows, more opaque as it grows. */
function colour(evidence: { values: Float32Array; columns: number; rows: number }): Uint8Array {
  const rgba = new Uint8Array(drawnSide * drawnSide * 4);
  for (let y = 0; y < drawnSide; y++) {
    for (let x = 0; x < drawnSide; x++) {
      const value = between(evidence, (x + 0.5) / drawnSide, (y + 0.5) / drawnSide);
      rgba.set(
        [255, Math.round(210 * (1 - value)), 0, Math.round(mostOpaqueEvidence * value)],
        (y * drawnSide + x) * 4,
      );
    }
  }
  return rgba;
}

/** The evidence at a place given as fractions of width and height, interpolated between the centres of cells. */
function between(
  { values, columns, rows }: { values: Float32Array; columns: number; rows: number },
  fx: number,
  fy: number,
): number {
  const x = Math.min(Math.max(fx * columns - 0.5, 0), columns - 1);
  const y = Math.min(Math.max(fy * rows - 0.5, 0), rows - 1);
  const left = Math.floor(x);
  const top = Math.floor(y);
  const cell = (column: number, row: number): number =>
    values[Math.min(row, rows - 1) * columns + Math.min(column, columns - 1)] ?? 0;
  const upper = cell(left, top) * (left + 1 - x) + cell(left + 1, top) * (x - left);
  const lower = cell(left, top + 1) * (left + 1 - x) + cell(left + 1, top + 1) * (x - left);
  return upper * (top + 1 - y) + lower * (y - top);
}
