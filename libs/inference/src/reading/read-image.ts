import type { ModelOutput } from '@sightline/contracts';
import { askFrames, type FrameRead } from './ask-frames.ts';
import type { SubjectLogit } from './pipeline.ts';
import type { OpenedObject, Reader, Reading } from './reading.ts';
import { sourceOf, type ShownFrame, type Subject } from './subject.ts';

/** Frames decoded and asked about together: few enough for memory, enough for a batch. */
const together = 8;

/** What a model says of each frame of one image, one answer a frame, or why it does not speak of it. */
export async function readImage(
  reader: Reader,
  object: OpenedObject,
  options: { signal: AbortSignal; beyondGates?: boolean },
): Promise<Reading[]> {
  const { numberOfFrames } = object.header;
  const readings: Reading[] = [];
  for (let from = 1; from <= numberOfFrames; from += together) {
    const count = Math.min(together, numberOfFrames - from + 1);
    const frames = Array.from({ length: count }, (_, i) => from + i);
    const answers = await askFrames(reader, object, frames, options);
    readings.push(...answers.map((answer) => (answer.kind === 'answered' ? concluded(reader, answer) : answer)));
  }
  return readings;
}

function concluded({ model, pipeline }: Reader, { frame, grey, answer }: FrameRead): Reading {
  const { manifest } = model;
  const subject: Subject = { unit: 'image', identity: identityOf(frame), frames: [frame], notes: [] };
  const logits = new Map(manifest.outputs.map((output) => [output.key, logitOf(output, answer)]));
  const findings = pipeline.conclude(manifest, subject, logits);
  return { kind: 'read', findings, explained: [{ frame, grey, answer }], images: [sourceOf(frame)] };
}

function logitOf({ index }: ModelOutput, { logits }: FrameRead['answer']): SubjectLogit {
  return { logit: logits.data[index] ?? Number.NaN, strongest: 0 };
}

function identityOf({ header, frame }: ShownFrame): string {
  return header.numberOfFrames > 1 ? `${header.sopInstanceUid}/${frame}` : header.sopInstanceUid;
}
