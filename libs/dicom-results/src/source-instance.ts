import {
  describeFrames,
  readDataset,
  readHeader,
  type DicomHeader,
  type FrameDescription,
  type WritableDataset,
} from '@sightline/dicom';

/** An image that a model was shown, by its header: what it says of patient and study is copied, its frames say where they lie. */
export interface SourceInstance {
  header: DicomHeader;
  frames: readonly FrameDescription[];
  dataset: WritableDataset;
}

/** Of one study, at least one. */
export type SourceInstances = readonly SourceInstance[];

export type ReadSource = { kind: 'source'; source: SourceInstance } | { kind: 'invalid'; reason: string };

const pixels = 0x7fe00000;

/** Of a Part 10 file, whose pixels may be cut off. Never throws: malformed input gives a reason that holds no patient data. */
export function readSourceInstance(
  part10: Uint8Array,
  inflate?: (deflated: Uint8Array) => Uint8Array | undefined,
): ReadSource {
  const read = readHeader(part10, inflate);
  if (read.kind === 'invalid') return read;
  const described = describeFrames(part10, inflate);
  if (described.kind === 'invalid') return described;
  const whole = readDataset(part10, { untilTag: pixels, ...(inflate && { inflate }) });
  if (whole.kind === 'invalid') return whole;
  return { kind: 'source', source: { header: read.header, frames: described.frames, dataset: whole.dataset } };
}
