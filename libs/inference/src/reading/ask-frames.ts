import { explicitVrLittleEndian, implicitVrLittleEndian, type DicomHeader } from '@sightline/dicom';
import { gateScores } from '../gates/gate-scores.ts';
import type { GreyFrame } from '../pixel-reader.ts';
import type { Answer, Tensor } from '../runtime.ts';
import type { Refused } from './pipeline.ts';
import type { Failed, OpenedObject, Reader } from './reading.ts';
import type { ShownFrame } from './subject.ts';

export interface FrameRead {
  kind: 'answered';
  frame: ShownFrame;
  grey: GreyFrame;
  answer: Answer;
}

export type FrameReading = FrameRead | Refused | Failed;

/**
 * What the graph says of frames of one object, each behind the gates on its pixels; `beyondGates` answers those that the gates
 * refuse, too, for whoever measures the gates. Rejects only with the signal's reason.
 */
export async function askFrames(
  reader: Reader,
  { header, bytes }: OpenedObject,
  frames: readonly number[],
  { signal, beyondGates = false }: { signal: AbortSignal; beyondGates?: boolean },
): Promise<FrameReading[]> {
  const { manifest } = reader.model;
  const object = await bytes();
  if (object.kind === 'failed') return [object];
  const wanted = { frames, grey: manifest.input.preparation.grey };
  const decoded = await reader.pixels.decode(object.value, wanted, signal);
  if (decoded.kind === 'failed') return [decoded];
  const shown = decoded.value.filter((frame) => frame.kind === 'grey');
  const answered = shown.length === 0 ? undefined : await run(reader, shown, signal);
  if (answered?.kind === 'failed') return [answered];
  return decoded.value.map((grey, i): FrameReading => {
    if (grey.kind === 'unsupported') return unsupported(header, grey.reason);
    const row = shown.indexOf(grey);
    if (answered === undefined) throw new RangeError('a frame was decoded and not asked about');
    const gate = beyondGates ? undefined : gateScores(manifest, answered.value, row);
    if (gate?.kind === 'refused') return gate;
    const answer = rowOf(answered.value, row);
    if (!answer.logits.data.every(Number.isFinite)) return noNumber;
    return { kind: 'answered', frame: { header, frame: frames[i] ?? 1 }, grey, answer };
  });
}

const noNumber: Failed = {
  kind: 'failed',
  failure: { kind: 'defect', message: 'the model answered with no number' },
};

function run({ model, pipeline, runtime }: Reader, frames: GreyFrame[], signal: AbortSignal) {
  return runtime.run(model, pipeline.prepare(model.manifest, frames), signal);
}

/** Row `row` of a batch's answer, as an answer of its own. */
function rowOf({ logits, activation, embedding, scores }: Answer, row: number): Answer {
  return {
    logits: cut(logits, row),
    activation: cut(activation, row),
    embedding: cut(embedding, row),
    scores: Object.fromEntries(Object.entries(scores).map(([name, tensor]) => [name, cut(tensor, row)])),
  };
}

function cut({ dims: [, ...dims], data }: Tensor, row: number): Tensor {
  const length = dims.reduce((product, dim) => product * dim, 1);
  return { dims: [1, ...dims], data: data.slice(row * length, (row + 1) * length) };
}

function unsupported({ transferSyntaxUid }: DicomHeader, why: string): Refused {
  const native = transferSyntaxUid === explicitVrLittleEndian || transferSyntaxUid === implicitVrLittleEndian;
  const reason = native ? 'unsupported-pixels' : 'unsupported-transfer-syntax';
  return { kind: 'refused', reason, detail: `The pixels of this image cannot be read here: ${why}.` };
}
