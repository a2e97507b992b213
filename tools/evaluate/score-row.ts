import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { computeImage, readObjectHeader, type Reader } from '@sightline/inference';
import sharp from 'sharp';
import { wrapImage } from './wrap-image.ts';

/** What the pipeline says of one row: a probability per output always, and why serving would not have said it. */
export interface RowScore {
  file: string;
  refused?: { reason: string; detail: string };
  probabilities: Readonly<Record<string, number>>;
}

/** Says nothing either way: what a row scores whose pixels cannot be read, so that no row leaves the figures. */
const noOpinion = 0.5;

/**
 * Gate, prepare and conclude of serving on one file; an image that the gate refuses is scored all the same, since the figure is
 * over every row. Rejects where the runtime fails: that is no property of the row.
 */
export async function scoreRow(reader: Reader, folder: string, file: string, signal: AbortSignal): Promise<RowScore> {
  const { manifest } = reader.model;
  const object = await objectOf(join(folder, file), manifest.evaluation.assume);
  const nothing = Object.fromEntries(manifest.outputs.map(({ key }) => [key, noOpinion]));
  if (object.kind === 'undecodable')
    return { file, refused: { reason: 'undecodable', detail: object.why }, probabilities: nothing };
  const read = readObjectHeader(object.bytes);
  if (read.kind === 'invalid')
    return { file, refused: { reason: 'invalid-input', detail: read.reason }, probabilities: nothing };
  const gate = reader.pipeline.gate(manifest, read.header);
  const reading = await computeImage(reader, read.header, object.bytes, signal);
  if (reading.kind === 'failed') throw new Error(`${file}: ${reading.failure.message}`);
  const refused = gate.kind === 'refused' ? gate : reading.kind === 'refused' ? reading : undefined;
  const probabilities =
    reading.kind === 'refused'
      ? nothing
      : Object.fromEntries(reading.findings.map(({ key, certainty }) => [key, certainty.probability]));
  return { file, probabilities, ...(refused && { refused: { reason: refused.reason, detail: refused.detail } }) };
}

type ReadObject = { kind: 'object'; bytes: Uint8Array } | { kind: 'undecodable'; why: string };

async function objectOf(path: string, assume: Readonly<Record<string, string>>): Promise<ReadObject> {
  const bytes = await readFile(path);
  const isPart10 = extname(path).toLowerCase() === '.dcm' || bytes.toString('latin1', 128, 132) === 'DICM';
  if (isPart10) return { kind: 'object', bytes };
  try {
    const { data, info } = await sharp(bytes)
      .toColourspace('b-w')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const grey = info.channels === 1 ? data : data.filter((_, i) => i % info.channels === 0);
    return { kind: 'object', bytes: wrapImage(path, { width: info.width, height: info.height, grey }, assume) };
  } catch (error) {
    return { kind: 'undecodable', why: error instanceof Error ? error.message : String(error) };
  }
}
