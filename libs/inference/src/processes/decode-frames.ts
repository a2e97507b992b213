import { bytesSource, displayGrey, modalityValues, openPixels, type StoredFrame } from '@sightline/dicom';
import type { DecodedFrame, Grey, WantedFrames } from '../pixel-reader.ts';

/** Frames of a Part 10 object in the grey a model is shown; a frame that cannot be had says why, and the others come all the same. */
export async function decodeFrames(object: Uint8Array, { frames, grey }: WantedFrames): Promise<DecodedFrame[]> {
  const opened = await openPixels(bytesSource(object));
  if (opened.kind === 'unsupported') return frames.map(() => opened);
  const decoded: DecodedFrame[] = [];
  for (const number of frames) {
    const stored = await opened.image.frame(number - 1);
    decoded.push(stored.kind === 'unsupported' ? stored : greyOf(stored, grey));
  }
  return decoded;
}

function greyOf(frame: StoredFrame, grey: Grey): DecodedFrame {
  const values = grey.kind === 'display' ? displayGrey(frame) : windowed(frame, grey);
  if (values.kind === 'unsupported') return values;
  const { columns: width, rows: height } = frame.description;
  return { kind: 'grey', width, height, values: values.values };
}

/** The exact linear function of PS3.3 C.11.2.1.3.2 on modality values; where the image's own window lies does not matter. */
function windowed(frame: StoredFrame, { center, width }: Extract<Grey, { kind: 'window' }>) {
  const modality = modalityValues(frame);
  if (modality.kind === 'unsupported') return modality;
  const { values } = modality;
  for (let i = 0; i < values.length; i++)
    values[i] = 255 * Math.min(1, Math.max(0, ((values[i] ?? 0) - center) / width + 0.5));
  return modality;
}
