import { firstItemOf, type DataSet } from '../data-set.ts';
import { decimalsOf, groupOf, textOf } from './attribute-values.ts';
import { lookUp, lookupTableOf, paddingOf } from './lookup-table.ts';
import { modalityValues } from './modality-values.ts';
import type { StoredFrame } from './stored-frame.ts';
import { unsupported, type Unsupported } from './unsupported.ts';

/** How grey was made of the values: the instance's window, its VOI LUT, or its smallest and largest value. */
export type Display = 'window' | 'lut' | 'full-range';

/** Row by row, 0 (black) to 255 (white) in the sense of MONOCHROME2; padding is black. */
export type DisplayGrey = { kind: 'grey'; values: Float32Array; display: Display } | Unsupported;

type Grey = { map: (value: number) => number; display: Display };

/** A monochrome frame as a display shows it: modality values through the first window or VOI LUT of the frame (PS3.3 C.11.2). */
export function displayGrey(frame: StoredFrame): DisplayGrey {
  if (!frame.photometric.startsWith('MONOCHROME'))
    return unsupported(`photometric interpretation ${frame.photometric}`);
  const modality = modalityValues(frame);
  if (modality.kind === 'unsupported') return modality;
  const { values } = modality;
  const { signed, form } = frame.description;
  const isPadding = form === 'float' ? () => false : paddingOf(frame.attributes.dataSet, signed);
  const padded = (i: number): boolean => isPadding(frame.values[i] ?? 0);
  const group = groupOf(frame.attributes, 'FrameVOILUTSequence');
  const grey = windowOf(group) ?? tableOf(group, signed) ?? fullRange(values, padded);
  const inverted = isInverted(frame);
  for (let i = 0; i < values.length; i++) {
    const shown = grey.map(values[i] ?? 0);
    values[i] = padded(i) ? 0 : inverted ? 255 - shown : shown;
  }
  return { kind: 'grey', values, display: grey.display };
}

/** An inverse Presentation LUT turns P-values round once more (PS3.3 C.11.6.1.2). */
function isInverted({ photometric, attributes }: StoredFrame): boolean {
  return photometric === 'MONOCHROME1' || textOf(attributes.dataSet, 'PresentationLUTShape') === 'INVERSE';
}

/** PS3.3 C.11.2.1.2 (linear) and C.11.2.1.3 (sigmoid, linear exact), output 0–255. */
function windowOf(dataSet: DataSet): Grey | undefined {
  const center = decimalsOf(dataSet, 'WindowCenter')[0];
  const width = decimalsOf(dataSet, 'WindowWidth')[0];
  if (center === undefined || width === undefined || width <= 0) return undefined;
  const form = textOf(dataSet, 'VOILUTFunction') ?? 'LINEAR';
  if (form === 'SIGMOID') return window((x) => 255 / (1 + Math.exp((-4 * (x - center)) / width)));
  if (form === 'LINEAR_EXACT') return window((x) => 255 * clamped((x - center) / width + 0.5));
  if (width < 1) return undefined;
  if (width === 1) return window((x) => (x <= center - 0.5 ? 0 : 255));
  return window((x) => 255 * clamped((x - (center - 0.5)) / (width - 1) + 0.5));
}

function window(map: Grey['map']): Grey {
  return { map, display: 'window' };
}

function clamped(share: number): number {
  return Math.min(1, Math.max(0, share));
}

function tableOf(dataSet: DataSet, signed: boolean): Grey | undefined {
  const item = firstItemOf(dataSet, 'VOILUTSequence');
  const table = item && lookupTableOf(item, signed);
  return table && { map: (value) => (255 * lookUp(table, value)) / table.top, display: 'lut' };
}

function fullRange(values: Float32Array, padded: (i: number) => boolean): Grey {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (padded(i) || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const span = high > low ? high - low : 1;
  return { map: (value) => 255 * clamped((value - low) / span), display: 'full-range' };
}
