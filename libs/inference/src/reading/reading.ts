import type { Failure } from '@sightline/contracts';
import type { DicomHeader } from '@sightline/dicom';
import type { Finding, SourceImage } from '@sightline/findings';
import type { Model } from '../models/model-repository.ts';
import type { PixelReader } from '../pixel-reader.ts';
import type { Runtime } from '../runtime.ts';
import type { Pipeline, Refused } from './pipeline.ts';
import type { ExplainedFrame } from './subject.ts';

/** Everything one model needs to read: which, how, and where pixels are decoded and answers computed. */
export interface Reader {
  model: Model;
  pipeline: Pipeline;
  pixels: PixelReader;
  runtime: Runtime;
}

/** A stored instance whose header was read, and the way to its bytes: a study is never in memory as a whole. */
export interface OpenedObject {
  header: DicomHeader;
  bytes: () => Promise<Read<Uint8Array>>;
}

export interface SubjectRead {
  kind: 'read';
  findings: Finding[];
  explained: ExplainedFrame[];
  /** Every image the model was shown. */
  images: SourceImage[];
}

export type Failed = { kind: 'failed'; failure: Failure };
export type Read<T> = { kind: 'computed'; value: T } | Failed;
export type Reading = SubjectRead | Refused | Failed;
