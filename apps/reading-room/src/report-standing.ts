import { isSameVerdict, type ReportState, type Verdict } from '@sightline/findings';
import type { FiledReport } from './filed-reports.ts';
import type { SentReview } from './sent-reviews.ts';

/**
 * What became of something said here: `on-its-way` until a report that was filed has it, `out-of-date` where that went on without it,
 * `not-in-chart` where somebody there has closed it: said it is all the same, at other destinations.
 */
export type Pending = 'on-its-way' | 'out-of-date' | 'not-in-chart';

/** A verdict on a finding; `by` where it was given here. */
export interface Given {
  verdict: Verdict;
  by?: SentReview;
}

/** The answer that is shown: one model version on one revision. */
export interface ShownAnswer {
  studyInstanceUid: string;
  model: string;
  revision: number;
}

/** Where a report stands: in the chart, among people, and beside other reports of the same study and model. */
export interface Standing {
  /** Which version of the report a person sees here. */
  seen: { url: string; versionId: string };
  state: ReportState;
  /** Of this answer in the chart; undefined where it was not filed there. */
  inChart?: FiledReport;
  /** Names of other destinations this answer was filed at. */
  alsoSentTo: string[];
  /** A report of an earlier answer, which a person has signed and nothing here changes. */
  signedBefore?: { report: FiledReport; by?: SentReview };
  inForce: ReadonlyMap<string, Given>;
  pending: ReadonlyMap<string, Given & { pending: Pending }>;
  /** The last to speak of this answer; who signed it before who did not. */
  reviewedBy?: SentReview;
  /** Of a signature that no filed report has yet. */
  signature?: Pending;
}

/** `filed`, `reviews`: all of the study, the newest first. `fhirBaseUrl`: of the chart that is shown. */
export function standingOf(
  shown: ShownAnswer,
  filed: readonly FiledReport[],
  reviews: readonly SentReview[],
  fhirBaseUrl: string,
): Standing {
  const name = shown.model.split('@')[0];
  const reports = filed.filter(({ model_name }) => model_name === name);
  const inChartOnly = reports.filter((report) => isInChart(report, fhirBaseUrl));
  const here = inChartOnly.find((report) => isOf(report, shown));
  const signedBefore = inChartOnly.find(
    (report) => isSigned(report.state) && report !== here && report.generation < (here?.generation ?? Infinity),
  );
  const spoken = reviews.filter(({ model_name }) => model_name === name);
  const ours = spoken.filter((review) => isOf(review, shown));
  const reviewedBy = ours.find(({ signed }) => signed) ?? ours[0];
  const pendingOf = (review: SentReview) => whatBecame(review, shown, reports, here);
  const signature = spoken.find(({ signed }) => signed);
  const signaturePending = signature && pendingOf(signature);
  return {
    seen: seenOf(shown, here),
    state: here?.state ?? 'unreviewed',
    ...(here === undefined ? {} : { inChart: here }),
    alsoSentTo: reports
      .filter((report) => isOf(report, shown) && !isInChart(report, fhirBaseUrl))
      .map(({ destination }) => destination),
    ...(signedBefore === undefined
      ? {}
      : { signedBefore: { report: signedBefore, ...signedBy(signedBefore, spoken) } }),
    inForce: new Map(
      (here?.verdicts ?? []).map((verdict) => [verdict.trackingUid, { verdict, ...givenBy(verdict, ours) }]),
    ),
    pending: pendingVerdicts(spoken, pendingOf),
    ...(reviewedBy === undefined ? {} : { reviewedBy }),
    ...(signaturePending === undefined ? {} : { signature: signaturePending }),
  };
}

/** The last verdict on a finding, whether a filed report has it or not. */
export function lastVerdict({ inForce, pending }: Standing, trackingUid: string): Verdict | undefined {
  const sent = pending.get(trackingUid);
  return sent === undefined || sent.pending === 'out-of-date' ? inForce.get(trackingUid)?.verdict : sent.verdict;
}

/** A report filed nowhere is named by its answer. */
function seenOf({ studyInstanceUid, model, revision }: ShownAnswer, here: FiledReport | undefined): Standing['seen'] {
  if (here === undefined)
    return {
      url: `urn:sightline:answer:${encodeURIComponent(`${studyInstanceUid}/${model}/${revision}`)}`,
      versionId: String(revision),
    };
  // A chart that keeps no versions: the edition says as much.
  return { url: here.report_url, versionId: here.version_id ?? String(here.edition) };
}

/** Of each finding the last verdict that was sent, where no filed report has it. */
function pendingVerdicts(
  spoken: readonly SentReview[],
  pendingOf: (review: SentReview) => Pending | undefined,
): Standing['pending'] {
  const last = new Map<string, { verdict: Verdict; by: SentReview }>();
  for (const by of spoken.toReversed())
    for (const verdict of by.verdicts) last.set(verdict.trackingUid, { verdict, by });
  const pending = new Map<string, Given & { pending: Pending }>();
  for (const [trackingUid, given] of last) {
    const kind = pendingOf({ ...given.by, verdicts: [given.verdict] });
    if (kind !== undefined) pending.set(trackingUid, { ...given, pending: kind });
  }
  return pending;
}

/** Undefined where a filed report has all that was said. */
function whatBecame(
  review: SentReview,
  shown: ShownAnswer,
  reports: readonly FiledReport[],
  here: FiledReport | undefined,
): Pending | undefined {
  const where = here === undefined ? reports : [here, ...reports.filter((report) => !isOf(report, shown))];
  if (where.some((report) => (report === here || isOf(report, review)) && has(report, review))) return undefined;
  if (!isOf(review, shown) || here === undefined) return isOf(review, shown) ? 'on-its-way' : 'out-of-date';
  const isAnotherReport = !review.seen_url.startsWith('urn:') && review.seen_url !== here.report_url;
  const wasClosed = here.state !== review.seen_state && here.state !== 'unreviewed';
  if (isAnotherReport || wasClosed) return 'out-of-date';
  return here.closed ? 'not-in-chart' : 'on-its-way';
}

function has(report: FiledReport, { verdicts, signed }: SentReview): boolean {
  if (signed && !(isSigned(report.state) || report.state === 'rejected')) return false;
  return verdicts.every((sent) => report.verdicts.some((verdict) => isSameVerdict(verdict, sent)));
}

function givenBy(verdict: Verdict, reviews: readonly SentReview[]): { by?: SentReview } {
  // A signature repeats what others have said: it is still theirs.
  const by = reviews.find(({ given }) => given.some((sent) => isSameVerdict(sent, verdict)));
  return by === undefined ? {} : { by };
}

function signedBy(report: FiledReport, reviews: readonly SentReview[]): { by?: SentReview } {
  const by = reviews.find((review) => review.signed && isOf(review, report));
  return by === undefined ? {} : { by };
}

function isSigned(state: ReportState): boolean {
  return state === 'signed' || state === 'corrected';
}

function isInChart({ destination, report_url }: FiledReport, fhirBaseUrl: string): boolean {
  return destination === '' || report_url.startsWith(`${fhirBaseUrl.replace(/\/$/, '')}/`);
}

function isOf(one: { model: string; revision: number }, other: { model: string; revision: number }): boolean {
  return one.model === other.model && one.revision === other.revision;
}
