import { Undecodable } from '../../unsupported.ts';
import type { BitReader } from './bit-reader.ts';
import type { Component, JpegFrame, ScanComponent } from './jpeg-frame.ts';

/** Selection value of the predictor and point transform, as a scan header names them. */
export interface Prediction {
  predictor: number;
  pointTransform: number;
}

/** Decodes one scan of a lossless frame (ITU-T T.81 Annex H): every sample is a predicted one plus a difference, modulo 2¹⁶. */
export function decodeLosslessScan(
  reader: BitReader,
  frame: JpegFrame,
  scan: ScanComponent[],
  { predictor, pointTransform }: Prediction,
  restartInterval: number,
): void {
  const { rows, columns, precision } = frame.header;
  if (predictor < 1 || predictor > 7 || pointTransform >= precision)
    throw new Undecodable(`predictor ${predictor} with point transform ${pointTransform}`);
  if (scan.some(({ component }) => component.width !== columns || component.height !== rows))
    throw new Undecodable('a lossless frame with subsampled components');
  if (restartInterval % columns !== 0) throw new Undecodable('a restart interval that is no number of rows');
  const start = 1 << (precision - pointTransform - 1);
  let first = 0;
  for (let row = 0; row < rows; row++) {
    if (restartInterval > 0 && row > 0 && (row * columns) % restartInterval === 0) {
      reader.restart();
      first = row;
    }
    for (let column = 0; column < columns; column++) {
      for (const { component, dc } of scan) {
        const at = row * component.stride + column;
        const predicted =
          row === first
            ? column === 0
              ? start
              : (component.plane[at - 1] ?? 0)
            : predict(component, at, column === 0 ? 2 : predictor);
        component.plane[at] = (predicted + difference(reader, dc)) & 0xffff;
      }
    }
  }
  if (pointTransform > 0) for (const { component } of scan) scale(component, pointTransform);
}

function difference(reader: BitReader, table: Uint16Array): number {
  const size = reader.symbol(table);
  if (size > 16) throw new Undecodable('a difference of more than 16 bits');
  return size === 16 ? 32_768 : reader.signed(size);
}

/** T.81 table H.1. */
function predict({ plane, stride }: Component, at: number, predictor: number): number {
  const left = plane[at - 1] ?? 0;
  const above = plane[at - stride] ?? 0;
  const diagonal = plane[at - stride - 1] ?? 0;
  switch (predictor) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return diagonal;
    case 4:
      return left + above - diagonal;
    case 5:
      return left + ((above - diagonal) >> 1);
    case 6:
      return above + ((left - diagonal) >> 1);
    default:
      return (left + above) >> 1;
  }
}

function scale({ plane }: Component, pointTransform: number): void {
  for (let i = 0; i < plane.length; i++) plane[i] = (plane[i] ?? 0) << pointTransform;
}
