/** What the page and any other client of the API is shown. Times are ISO 8601 with offset. */

export interface CodedConceptView {
  system: string;
  code: string;
  display: string;
}

/** `overdue`: unanswered at its deadline. `refused`: every model said why it would not read. */
export type StudyState = 'received' | 'read' | 'refused' | 'failed' | 'overdue';

/** `pending` and `overdue` are requests nobody has answered yet. */
export type ReportOutcome = 'findings' | 'skipped' | 'failed' | 'pending' | 'overdue';

export interface FindingView {
  key: string;
  /** The image it was made on. */
  sopInstanceUid: string;
  concept: CodedConceptView;
  site?: CodedConceptView;
  laterality: 'left' | 'right' | 'bilateral' | 'unknown';
  presence: 'present' | 'absent' | 'not-prioritised';
  /** Calibrated, 0–1. */
  probability: number;
  /** The value `probability` was compared with, 0–1. */
  threshold: number;
  sentence: string;
}

export interface ReportView {
  /** Absent where no model reads this kind of study. */
  model?: { name: string; version: string; title?: string };
  outcome: ReportOutcome;
  /** Coded reason of a refusal, or kind of a failure. */
  reason?: string;
  /** The same in a sentence for people. */
  reasonText?: string;
  detail?: string;
  findings: FindingView[];
  /** The DiagnosticReport on the FHIR server. */
  reportUrl?: string;
  /** Path at which this server shows it, asked for with the reader's own rights. */
  chartUrl?: string;
  reportState?: string;
  requestedAt?: string;
  deadline?: string;
  startedAt?: string;
  completedAt?: string;
  filedAt?: string;
}

export interface ImageView {
  sopInstanceUid: string;
  seriesInstanceUid: string;
  modality: string;
  /** Path of a PNG. */
  url: string;
  heatMaps: { findingKey: string; url: string }[];
}

export interface PatientView {
  /** DICOM components kept: Family^Given. */
  name?: string;
  id?: string;
  birthDate?: string;
  sex?: 'M' | 'F' | 'O';
}

export interface StudySummary {
  studyInstanceUid: string;
  state: StudyState;
  revision: number;
  patient: PatientView;
  description?: string;
  accession?: string;
  modalities: string[];
  /** Start of the study as the images say, with an offset only where they give one. */
  startedAt?: string;
  receivedAt: string;
  /** True where a finding is present at its threshold. */
  positive: boolean;
  /** Of a refused study, why, in a few words. */
  note?: string;
  /** The most probable finding, where any. */
  leading?: { display: string; presence: FindingView['presence']; probability: number };
}

export interface StudyView extends Omit<StudySummary, 'leading' | 'note'> {
  inferredAt?: string;
  filedAt?: string;
  reports: ReportView[];
  images: ImageView[];
}

export interface StudyList {
  studies: StudySummary[];
  /** Studies that match the filter, all pages. */
  total: number;
  /** Of all studies, whatever the filter. */
  counts: Record<StudyState | 'all' | 'positive', number>;
  limit: number;
  offset: number;
}

export interface MeView {
  subject: string;
  name?: string;
  roles: readonly string[];
}

export interface ModelView {
  name: string;
  version: string;
  title: string;
  intendedUse: string;
  limits: string[];
  primary: { name: string; output: string; value: number; ci95: [number, number]; n: number; patients: number };
  /** Path of the model card, Markdown. */
  cardUrl: string;
}
