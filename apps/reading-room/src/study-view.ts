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

/** What people have made of a report, in the words of the table in `findings`. */
export type ReportStateView = 'unreviewed' | 'signed' | 'corrected' | 'rejected' | 'withdrawn' | 'refused';

/** Who said something of a report, and when. */
export interface ReviewerView {
  subject: string;
  name?: string;
  role: 'clinician' | 'radiologist';
  at: string;
}

export interface VerdictView {
  verdict: 'accepted' | 'corrected' | 'rejected';
  /** Of a rejection. */
  reason?: string;
  /** Of a correction: what is there instead. */
  concept?: CodedConceptView;
  /** Absent where it was not given here. */
  by?: ReviewerView;
}

/**
 * Of something said here: no report that was filed has it yet; the report went on without it, and it has to be said again; or it was
 * closed in the chart, which keeps it as it is.
 */
export type PendingView = 'on-its-way' | 'out-of-date' | 'not-in-chart';

export interface FindingView {
  key: string;
  /** By which a verdict names it. */
  trackingUid: string;
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
  /** What a correction may say instead. */
  corrections: CodedConceptView[];
  /** In force in the report as it was filed. */
  verdict?: VerdictView;
  /** The last that was given here, while the report as it was filed does not have it. */
  pending?: VerdictView & { state: PendingView };
}

/** What the person who asks may do with a report. */
export interface MayView {
  review: boolean;
  /** Answer for the whole of it; of a signed one, by correcting it. */
  sign: boolean;
  /** Why there is nothing to do. */
  why?: string;
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
  /** Of reports with findings, `unreviewed` also before they are filed. */
  state?: ReportStateView;
  /** Which report of this study and model the chart has, from 1. */
  generation?: number;
  /** True where somebody closed it in the chart, which keeps it as it is: what is said here reaches other destinations alone. */
  closedInChart: boolean;
  /** Other destinations it was sent to. */
  alsoSentTo: string[];
  /** Which version of the report this is; a review says it back. */
  seen: { url: string; versionId: string };
  /** Who spoke last of this report here, `signed` where they answer for the whole. */
  reviewedBy?: ReviewerView & { signed: boolean };
  /** Of a signature given here that the report as it was filed does not have. */
  signature?: PendingView;
  /** A report of an earlier answer, signed and left as it is. */
  signedBefore?: { by?: ReviewerView; reportUrl: string };
  may: MayView;
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
  /** What people have made of its reports with findings, where that is the same of all. */
  reviewed?: ReportStateView;
  /** True where a newer analysis stands beside a report that somebody signed. */
  newerSinceSigned: boolean;
  /** Of a refused study, why, in a few words. */
  note?: string;
  /** The most probable finding, where any. */
  leading?: { display: string; presence: FindingView['presence']; probability: number };
}

export interface StudyView extends Omit<StudySummary, 'leading' | 'note' | 'reviewed' | 'newerSinceSigned'> {
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
