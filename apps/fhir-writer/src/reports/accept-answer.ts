import type { InferenceCompleted, SkipReason } from '@sightline/contracts';
import { isUntouched, mayBecome } from '@sightline/findings';
import { failed, type Failed } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { compareAnswers, rankOf } from './answer-order.ts';
import type { KnownModels } from './known-models.ts';
import { addEdition, lockReports, newestReport, type Report } from './report-store.ts';

/** What becomes of an answer. `noticeTo`: who has acted on the report before, and is to hear of the new one beside it. */
export type Accepted =
  | { kind: 'reported'; report: Report; noticeTo?: string }
  | { kind: 'not-filed'; reason: 'shadow' | 'skipped' | 'failed' }
  | { kind: 'superseded' }
  /** It is what the report says already. */
  | { kind: 'known' };

/** Why a report is withdrawn whose images say another patient now. */
export const ofAnotherPatient = 'a newer revision of the study is of another patient';

/** Why a model had no business with a study at all; of such a refusal nobody outside hears. */
const notApplicable: readonly SkipReason[] = [
  'no-model',
  'no-image',
  'wrong-modality',
  'wrong-body-part',
  'wrong-view',
  'age-out-of-range',
];

/** An answer of a model becomes what a report says: a new edition of one no human has touched, else a report beside it. */
export class AcceptAnswer {
  constructor(
    private readonly models: KnownModels,
    private readonly destinations: readonly string[],
  ) {}

  /** Undefined where the model is known; looked up before the transaction, since a folder may have to be read. */
  async missing({ role, model, outcome }: InferenceCompleted): Promise<Failed | undefined> {
    if (role !== 'primary' || outcome.kind === 'failed') return undefined;
    if (model === undefined) {
      if (outcome.kind === 'skipped') return undefined;
      return failed('invalid-input', 'findings without the model that made them');
    }
    // Readers are deployed before writers, but not always in time: the manifest comes with the next deployment.
    return (await this.models.find(model)) === undefined
      ? failed('unavailable', `no manifest of ${model.name}@${model.version} here yet`)
      : undefined;
  }

  async accept(tx: Tx, answer: InferenceCompleted, traceparent: string | undefined): Promise<Accepted> {
    const { study, model, outcome, role } = answer;
    if (role !== 'primary') return { kind: 'not-filed', reason: 'shadow' };
    if (outcome.kind === 'failed') return { kind: 'not-filed', reason: 'failed' };
    if (model === undefined) return { kind: 'not-filed', reason: 'skipped' };
    await lockReports(tx, study.studyInstanceUid, model.name);
    const newest = await newestReport(tx, study.studyInstanceUid, model.name);
    const order = newest === undefined ? -1 : compareAnswers(rankOf(newest.answer), rankOf(answer));
    if (order >= 0) return { kind: order === 0 ? 'known' : 'superseded' };
    const touched = newest !== undefined && isTouched(newest);
    if (outcome.kind === 'skipped' && (touched || (newest === undefined && notApplicable.includes(outcome.reason)))) {
      return { kind: 'not-filed', reason: 'skipped' };
    }
    const moved = newest !== undefined && !isSamePatient(newest.answer, answer);
    if (moved && mayBecome(newest.state, 'withdrawn')) await this.withdraw(tx, newest);
    const next = newest === undefined || touched || moved;
    const report: Report = {
      studyInstanceUid: study.studyInstanceUid,
      model: model.name,
      generation: (newest?.generation ?? 0) + (next ? 1 : 0),
      edition: next ? 1 : newest.edition + 1,
      state: outcome.kind === 'findings' ? 'unreviewed' : 'refused',
      answer,
      review: { verdicts: [] },
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    await addEdition(tx, report, this.destinations);
    const noticeTo = touched ? (newest.review.signature ?? newest.review.verdicts.at(-1))?.by.subject : undefined;
    return { kind: 'reported', report, ...(noticeTo === undefined ? {} : { noticeTo }) };
  }

  private withdraw(tx: Tx, report: Report): Promise<void> {
    const edition = report.edition + 1;
    return addEdition(tx, { ...report, edition, state: 'withdrawn', reason: ofAnotherPatient }, this.destinations);
  }
}

/** Images that say another patient now were never of the first one, whatever became of the report. */
function isSamePatient(
  { study: { patient: before } }: InferenceCompleted,
  { study: { patient: now } }: InferenceCompleted,
): boolean {
  const said = ({ id, issuer, name, birthDate, sex }: typeof now) => JSON.stringify([id, issuer, name, birthDate, sex]);
  return said(before) === said(now);
}

/** A verdict is an act too, signed or not. */
function isTouched({ state, review }: Report): boolean {
  return !isUntouched(state) || review.verdicts.length > 0;
}
