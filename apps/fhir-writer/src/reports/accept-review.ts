import type { ReviewRecorded } from '@sightline/contracts';
import { isSameVerdict, mayBecome, type GivenVerdict, type ReportState, type Review } from '@sightline/findings';
import type { Tx } from '@sightline/persistence';
import { compareAnswers, rankOf } from './answer-order.ts';
import { addEdition, lockReports, newestReport, readReport, type Report } from './report-store.ts';

/** Why a review is not applied. */
export type ReviewRefusal =
  /** It was given to something that is not the report any more. */
  | 'stale'
  | 'unknown-finding'
  /** Only a radiologist signs, and only a signature changes what was signed. */
  | 'role'
  | 'signed-already'
  | 'findings-unanswered'
  | 'illegal-state';

export type Reviewed = { kind: 'applied'; report: Report } | { kind: 'refused'; reason: ReviewRefusal };

/** How a reading room names what it showed of an answer that was filed nowhere yet. */
const answerUrn = 'urn:sightline:answer:';

/** A person's answer to findings becomes part of the report, and every destination is due to hear it. */
export class AcceptReview {
  constructor(private readonly destinations: readonly string[]) {}

  async accept(tx: Tx, review: ReviewRecorded): Promise<Reviewed> {
    const { studyInstanceUid, model, reviewer, recordedAt } = review;
    await lockReports(tx, studyInstanceUid, model.name);
    const current = await newestReport(tx, studyInstanceUid, model.name);
    if (current === undefined || !(await isShown(tx, current, review))) return { kind: 'refused', reason: 'stale' };
    const signed = review.signed ?? false;
    const given = mergeVerdicts(current.review.verdicts, review);
    const refusal = refusalOf(current, review, given);
    if (refusal !== undefined) return { kind: 'refused', reason: refusal };
    const state = signed ? stateAfterSigning(current, given) : current.state;
    if (signed && !mayBecome(current.state, state)) return { kind: 'refused', reason: 'illegal-state' };
    const report: Report = {
      ...current,
      edition: current.edition + 1,
      state,
      review: {
        verdicts: given,
        ...(signed ? { signature: { by: reviewer, at: recordedAt } } : signatureOf(current.review)),
      },
    };
    // What was signed at a destination stands there as that person left it.
    await addEdition(
      tx,
      report,
      this.destinations.filter((name) => name !== reviewer.subject),
    );
    return { kind: 'applied', report };
  }
}

function refusalOf(
  { state, answer }: Report,
  { verdicts, reviewer, signed = false }: ReviewRecorded,
  given: readonly GivenVerdict[],
): ReviewRefusal | undefined {
  const findings = answer.outcome.kind === 'findings' ? answer.outcome.findings : [];
  const answered = new Set(given.map(({ trackingUid }) => trackingUid));
  switch (true) {
    case verdicts.some((one) => !findings.some(({ trackingUid }) => trackingUid === one.trackingUid)):
      return 'unknown-finding';
    case signed && reviewer.role !== 'radiologist':
      return 'role';
    case !signed && state !== 'unreviewed':
      return 'signed-already';
    case signed && findings.some(({ trackingUid }) => !answered.has(trackingUid)):
      return 'findings-unanswered';
    default:
      return undefined;
  }
}

function stateAfterSigning({ state }: Report, given: readonly GivenVerdict[]): ReportState {
  if (state !== 'unreviewed') return 'corrected';
  return given.every(({ verdict }) => verdict === 'rejected') ? 'rejected' : 'signed';
}

/** Of each finding the last verdict; one that says again what was said stays the word of who said it first. */
function mergeVerdicts(
  before: readonly GivenVerdict[],
  { verdicts, reviewer, recordedAt }: ReviewRecorded,
): GivenVerdict[] {
  const given = verdicts
    .filter((verdict) => !before.some((one) => isSameVerdict(one, verdict)))
    .map((verdict): GivenVerdict => ({ ...verdict, by: reviewer, at: recordedAt }));
  return [...new Map([...before, ...given].map((one) => [one.trackingUid, one])).values()];
}

function signatureOf({ signature }: Review): Pick<Review, 'signature'> {
  return signature === undefined ? {} : { signature };
}

/** True where the person saw what the report says: an edition of this very report, with the answer that it still gives. */
async function isShown(
  tx: Tx,
  current: Report,
  { studyInstanceUid, revision, model, report }: ReviewRecorded,
): Promise<boolean> {
  const isAnswer =
    compareAnswers(rankOf(current.answer), { revision, version: model.version }) === 0 &&
    `${answerUrn}${encodeURIComponent(`${studyInstanceUid}/${model.name}@${model.version}/${revision}`)}` ===
      report.url;
  if (isAnswer) return true;
  const [seen] = await tx.query<{ generation: number; edition: number }[]>(
    `select generation, edition from told_edition
     where report_url = $1 and coalesce(version_id, edition::text) = $2 and study_instance_uid = $3 and model = $4
     order by generation desc, edition desc limit 1`,
    [report.url, report.versionId, studyInstanceUid, model.name],
  );
  if (seen === undefined || seen.generation !== current.generation) return false;
  const then = await readReport(tx, current, seen.edition);
  return then !== undefined && compareAnswers(rankOf(then.answer), rankOf(current.answer)) === 0;
}
