import { type CodedConcept, type Finding, type SourceImage } from '@sightline/findings';

/** The study as its images describe it; `startedAt` is a FHIR dateTime (see `toDateTime`). */
export interface StudyOfResult {
  studyInstanceUid: string;
  revision: number;
  modalities: readonly string[];
  startedAt?: string;
  description?: string;
  accessionNumber?: string;
  issuerOfAccessionNumber?: string;
}

/** The model version that answered, as its manifest describes it. */
export interface ModelOfResult {
  name: string;
  version: string;
  title: string;
  /** Hex digest of the ONNX file. */
  sha256: string;
  intendedUse: string;
  /** Category and code of its reports. */
  reports: { category: readonly CodedConcept[]; code: CodedConcept };
  /** MODEL_CARD.md, where the model comes with one. */
  card?: string;
}

/** An image the model was shown, with its modality (0008,0060). */
export type ImageOfResult = SourceImage & { modality: string };

/**
 * Everything one model version says of one revision of a study: what a result set is made from. `generation` counts the
 * reports of this study and model: a new one begins once a human has acted on the last. `completedAt` is an instant; it and
 * nothing of the present moment goes into the resources, so that the same answer always gives the same bytes.
 */
export interface ResultSet {
  study: StudyOfResult;
  model: ModelOfResult;
  images: readonly ImageOfResult[];
  findings: readonly Finding[];
  completedAt: string;
  generation: number;
  /** Relative reference of the resolved record, `Patient/…`. */
  patient: string;
}

/** Hex sha256 of a text; given from outside, since this lib reaches nothing of Node. */
export type Digest = (text: string) => string;
