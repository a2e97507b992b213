import type { Failure } from '@sightline/contracts';
import {
  explicitVrLittleEndian,
  implicitVrLittleEndian,
  type DicomHeader,
  type MonochromePixels,
} from '@sightline/dicom';
import type { Finding } from '@sightline/findings';
import { readObjectHeader } from './read-object-header.ts';
import type { Model } from './model-repository.ts';
import type { Pipeline, Refused } from './pipeline.ts';
import type { Answer, Runtime } from './runtime.ts';

/** Everything one model needs to read: which, how, and where it is computed. */
export interface Reader {
  model: Model;
  pipeline: Pipeline;
  runtime: Runtime;
}

export interface ImageRead {
  kind: 'read';
  header: DicomHeader;
  pixels: MonochromePixels;
  answer: Answer;
  findings: Finding[];
}

export type ImageReading = ImageRead | Refused | { kind: 'failed'; failure: Failure };

/** What a model says of one Part 10 object, or why it does not speak. Rejects only with the signal's reason. */
export async function readImage(reader: Reader, object: Uint8Array, signal: AbortSignal): Promise<ImageReading> {
  const read = readObjectHeader(object);
  if (read.kind === 'invalid') {
    return { kind: 'failed', failure: { kind: 'invalid-input', message: `no DICOM image: ${read.reason}` } };
  }
  const gate = reader.pipeline.gate(reader.model.manifest, read.header);
  return gate.kind === 'refused' ? gate : computeImage(reader, read.header, object, signal);
}

/** The part of reading behind the gate: for serving call `readImage`; evaluating scores what was refused, too. */
export async function computeImage(
  { model, pipeline, runtime }: Reader,
  header: DicomHeader,
  object: Uint8Array,
  signal: AbortSignal,
): Promise<ImageReading> {
  const decoded = await runtime.decode(object, signal);
  if (decoded.kind === 'failed') return decoded;
  const pixels = decoded.value;
  if (pixels.kind === 'unsupported') return unsupported(header, pixels.reason);
  const answered = await runtime.run(model, pipeline.prepare(model.manifest, pixels), signal);
  if (answered.kind === 'failed') return answered;
  const answer = answered.value;
  if (!answer.logits.data.every(Number.isFinite)) {
    return { kind: 'failed', failure: { kind: 'defect', message: 'the model answered with no number' } };
  }
  return { kind: 'read', header, pixels, answer, findings: pipeline.conclude(model.manifest, header, answer) };
}

function unsupported({ transferSyntaxUid }: DicomHeader, why: string): Refused {
  const native = transferSyntaxUid === explicitVrLittleEndian || transferSyntaxUid === implicitVrLittleEndian;
  const reason = native ? 'unsupported-pixels' : 'unsupported-transfer-syntax';
  return { kind: 'refused', reason, detail: `The pixels of this image cannot be read here: ${why}.` };
}
