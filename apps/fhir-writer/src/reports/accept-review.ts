import type { ReviewRecorded } from '@sightline/contracts';
import {
  isSameVerdict,
  isUntouched,
  mayBecome,
  type GivenVerdict,
  type ReportState,
  type Review,
} from '@sightline/findings';
import type { Outbox } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { compareAnswers, rankOf } from './answer-order.ts';
import { isNewerThan, partFromNewer } from './part-from-newer.ts';
import type { WithdrawReports } from './recall.ts';
import { addEdition, lockReports, newestReport, readReport, type Report } from './report-store.ts';
import { standsThere } from './stands-there.ts';

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
  constructor(
    private readonly destinations: readonly string[],
    private readonly outbox: Outbox<Tx>,
    private readonly withdrawals: WithdrawReports,
  ) {}

  async accept(tx: Tx, review: ReviewRecorded): Promise<Reviewed> {
    const { studyInstanceUid, model, reviewer, recordedAt, destination } = review;
    await lockReports(tx, studyInstanceUid, model.name);
    const answered = await answeredBy(tx, review);
    if (answered === undefined) return { kind: 'refused', reason: 'stale' };
    const { seen, current } = answered;
    const signed = review.signed ?? false;
    const given = mergeVerdicts(seen.review.verdicts, review);
    const refusal = refusalOf(seen, review, given);
    if (refusal !== undefined) return { kind: 'refused', reason: refusal };
    const state = signed ? stateAfterSigning(seen, given) : seen.state;
    if (signed && !mayBecome(seen.state, state)) return { kind: 'refused', reason: 'illegal-state' };
    const report: Report = {
      ...(await partFromNewer(tx, current, seen, this.destinations)),
      edition: current.edition + 1,
      state,
      review: {
        verdicts: given,
        ...(signed ? { signature: { by: reviewer, at: recordedAt } } : signatureOf(seen.review)),
      },
    };
    // What was answered at a destination stands there as that person left it.
    await addEdition(
      tx,
      report,
      this.destinations.filter((name) => name !== destination),
    );
    if (destination !== undefined) await standsThere(this.outbox, tx, report, destination);
    // What people acted on may stand on images that were rejected since.
    if (isNewerThan(current, seen)) await this.withdrawals.withdrawRejected(tx, report);
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

/**
 * The report that was answered, as it was `seen` and as it is now; undefined where it is not the report any more. In a chart the one that
 * stands there is answered, even while a newer answer that nobody has acted on is on its way.
 */
async function answeredBy(tx: Tx, review: ReviewRecorded): Promise<{ seen: Report; current: Report } | undefined> {
  const { studyInstanceUid, model, destination } = review;
  const newest = await newestReport(tx, studyInstanceUid, model.name);
  if (newest === undefined) return undefined;
  if (isOfAnswer(newest, review)) return { seen: newest, current: newest };
  const edition = await editionSeen(tx, review);
  if (edition === undefined) return undefined;
  const current =
    destination === undefined ? newest : await readReport(tx, { ...newest, generation: edition.generation });
  if (current === undefined || current.generation !== edition.generation) return undefined;
  const then = await readReport(tx, current, edition.edition);
  if (then === undefined) return undefined;
  if (compareAnswers(rankOf(then.answer), rankOf(current.answer)) === 0) return { seen: current, current };
  const isUnanswered = isUntouched(current.state) && current.review.verdicts.length === 0;
  return destination !== undefined && isNewerThan(current, then) && isUnanswered ? { seen: then, current } : undefined;
}

/** True of an answer that was filed nowhere yet, where the report still gives it. */
function isOfAnswer({ answer }: Report, { studyInstanceUid, revision, model, report }: ReviewRecorded): boolean {
  return (
    compareAnswers(rankOf(answer), { revision, version: model.version }) === 0 &&
    `${answerUrn}${encodeURIComponent(`${studyInstanceUid}/${model.name}@${model.version}/${revision}`)}` === report.url
  );
}

async function editionSeen(
  tx: Tx,
  { studyInstanceUid, model, report }: ReviewRecorded,
): Promise<{ generation: number; edition: number } | undefined> {
  const [seen] = await tx.query<{ generation: number; edition: number }[]>(
    `select generation, edition from told_edition
     where report_url = $1 and coalesce(version_id, edition::text) = $2 and study_instance_uid = $3 and model = $4
     order by generation desc, edition desc limit 1`,
    [report.url, report.versionId, studyInstanceUid, model.name],
  );
  return seen;
}
