import { firstItemOf } from '../data-set.ts';
import { decimalsOf, groupOf } from './attribute-values.ts';
import { lookUp, lookupTableOf } from './lookup-table.ts';
import type { StoredFrame } from './stored-frame.ts';
import { unsupported, type Unsupported } from './unsupported.ts';

/** Row by row, in the unit of the modality: Hounsfield units of a CT, nothing more than numbers of most MR. */
export type ModalityValues = { kind: 'modality-values'; values: Float32Array } | Unsupported;

/**
 * Values after the Modality LUT (PS3.3 C.11.1): a table, else slope and intercept of the frame's own Pixel Value Transformation, of the
 * shared one, of the data set; else as stored.
 */
export function modalityValues(frame: StoredFrame): ModalityValues {
  if (frame.samplesPerPixel !== 1) return unsupported(`${frame.samplesPerPixel} samples per pixel`);
  const item = firstItemOf(frame.attributes.dataSet, 'ModalityLUTSequence');
  if (item === undefined) return { kind: 'modality-values', values: rescaled(frame) };
  const table = lookupTableOf(item, frame.description.signed);
  if (table === undefined) return unsupported('the modality LUT is malformed');
  return { kind: 'modality-values', values: Float32Array.from(frame.values, (value) => lookUp(table, value)) };
}

function rescaled({ values, attributes }: StoredFrame): Float32Array {
  const group = groupOf(attributes, 'PixelValueTransformationSequence');
  const slope = decimalsOf(group, 'RescaleSlope')[0] ?? 1;
  const intercept = decimalsOf(group, 'RescaleIntercept')[0] ?? 0;
  const scaled = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) scaled[i] = (values[i] ?? 0) * slope + intercept;
  return scaled;
}
