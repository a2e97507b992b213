import type { ModelManifest, SkipReason } from '@sightline/contracts';
import type { DicomHeader } from '@sightline/dicom';
import type { Finding } from '@sightline/findings';
import type { GreyFrame } from '../pixel-reader.ts';
import type { Tensor } from '../runtime.ts';
import type { Region } from '../explanation/region.ts';
import type { ExplainedFrame, Subject } from './subject.ts';

/** A model was asked about something it was not made for. `detail` is one sentence for a clinician. */
export interface Refused {
  kind: 'refused';
  reason: SkipReason;
  detail: string;
}

/**
 * How models of one kind read: gate → prepare → conclude. A worker has one file per pipeline, made of the steps of this library
 * and its own where it needs them; whatever differs from model to model is in the manifest.
 */
export interface Pipeline {
  /** Whether the model may speak of an image at all; looks at the header alone. */
  gate(manifest: ModelManifest, header: DicomHeader): { kind: 'passed' } | Refused;
  /** The tensor the graph is shown of frames of one size. */
  prepare(manifest: ModelManifest, frames: readonly GreyFrame[]): Tensor;
  /** One finding per output of the model. `logits` are by output. */
  conclude(manifest: ModelManifest, subject: Subject, logits: ReadonlyMap<string, SubjectLogit>): Finding[];
  /** Where in a frame findings lie; only of a model that was made to say so, never from a heat map. */
  outline?(manifest: ModelManifest, explained: ExplainedFrame): Region[];
}

/** What the graph says of a subject for one output, before calibration, and of which of its frames it says most. */
export interface SubjectLogit {
  logit: number;
  /** Index into the subject's frames. */
  strongest: number;
}
