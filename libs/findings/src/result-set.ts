import type { CodedConcept } from './coded-concept.ts';
import type { Finding, SourceImage } from './finding.ts';
import type { ReportState } from './report-state.ts';
import type { Review } from './review.ts';

/** Who the images say the patient is (PS3.3 C.7.1.1): `name` in DICOM components, `birthDate` YYYY-MM-DD. */
export interface PatientOfImages {
  id?: string | undefined;
  /** Issuer of Patient ID (0010,0021). */
  issuer?: string | undefined;
  name?: string | undefined;
  birthDate?: string | undefined;
  sex?: 'M' | 'F' | 'O' | undefined;
}

/** The study as its images describe it; `startedAt` is a FHIR dateTime, with offset where it has a time. */
export interface StudyOfResult {
  studyInstanceUid: string;
  revision: number;
  patient: PatientOfImages;
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
 * Everything one model version says of one revision of a study, and what people have said of it since: what every encoding of a
 * report is made from. `generation` counts the reports of this study and model: a new one begins once a human has acted on the
 * last; `edition` counts the states one report has been in, from 1. `completedAt` is an instant; nothing of the present moment
 * goes into an encoding, so that the same result always gives the same bytes. A `refused` set has a refusal and no findings.
 */
export interface ResultSet {
  study: StudyOfResult;
  model: ModelOfResult;
  images: readonly ImageOfResult[];
  findings: readonly Finding[];
  refusal?: { reason: CodedConcept; detail: string };
  completedAt: string;
  generation: number;
  edition: number;
  state: ReportState;
  review: Review;
}

/** Hex sha256 of a text; given from outside, since pure libs reach nothing of Node. */
export type Digest = (text: string) => string;

/** A UUID that is always the same for the same name (RFC 9562, version 8). */
export function stableUuid(digest: Digest, name: string): string {
  const hex = digest(name);
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}
