import { randomUUID } from 'node:crypto';
import type { ReviewRecorded } from '@sightline/contracts';
import type { Uid } from '@sightline/dicom';
import { isSameVerdict, type CodedConcept, type Finding, type Verdict } from '@sightline/findings';
import type { Outbox } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import type { User } from '@sightline/platform';
import { correctionsOf, isSameConcept } from './corrections.ts';
import { mayOf } from './may-review.ts';
import type { ModelShelf } from './model-shelf.ts';
import { reviewed } from './note-review.ts';
import { lastVerdict, type Standing } from './report-standing.ts';
import type { ReviewRequest } from './review-request.ts';
import { keepReview, lockReviews, reviewId, type SentReview } from './sent-reviews.ts';
import { findingsOf, type StudyShow } from './show-study.ts';
import { findStudy, type Reading } from './studies.ts';

/** What came of a review. `conflict`: the report is not what it was when the person saw it, or not ready for what they ask. */
export type Reviewed =
  | { kind: 'recorded'; review: SentReview }
  | { kind: 'unknown' | 'not-allowed' | 'not-understood' | 'conflict'; text: string };

type Refused = Exclude<Reviewed, { kind: 'recorded' }>;

/** A person's review of the report of one model, as `name@version`, on one study. `key`: of the client, for this attempt. */
export interface Attempt {
  uid: Uid;
  model: string;
  user: User;
  request: ReviewRequest;
  key?: string;
}

/** Writes down what a person says of a report, and tells it, once; or says why not. */
export class RecordReview {
  constructor(
    private readonly shelf: ModelShelf,
    private readonly show: StudyShow,
    private readonly outbox: Outbox<Tx>,
  ) {}

  async record(tx: Tx, attempt: Attempt): Promise<Reviewed> {
    const { uid, model } = attempt;
    const [name = '', version = ''] = model.split('@');
    await lockReviews(tx, uid, name);
    const study = await findStudy(tx, uid);
    const reading = study?.readings.find((one) => one.model === model);
    if (study === undefined || reading === undefined) return refuse('unknown', 'no such report here');
    const earlier = sentBefore(attempt, study.reviews);
    if (earlier !== undefined) return earlier;
    const standing = this.show.standing(study, reading);
    const manifest = await this.shelf.find({ name, version });
    const checked = check(attempt, reading, standing, (finding) => correctionsOf(finding, manifest));
    if (checked.kind !== 'checked') return checked;
    const review = reviewOf(attempt, reading, standing, checked.verdicts, study.reviews[0]?.recorded_at);
    const message = messageOf(uid, { name, version }, review);
    await keepReview(tx, uid, review);
    await this.outbox.add(tx, 'review.recorded.v1', message);
    await this.outbox.add(tx, 'audit.recorded.v1', reviewed(review.id, message));
    return { kind: 'recorded', review };
  }
}

/** A retry finds what was recorded: by its key, or else as the very last thing that this person said of this report. */
function sentBefore({ uid, model, user, request, key }: Attempt, reviews: readonly SentReview[]): Reviewed | undefined {
  const theirs = reviews.filter((review) => review.model === model && review.subject === user.subject);
  const earlier =
    key === undefined
      ? theirs.slice(0, 1).find((review) => isSameRequest(review, request))
      : theirs.find(({ id }) => id === reviewId(uid, model, user.subject, key));
  if (earlier === undefined) return undefined;
  if (isSameRequest(earlier, request)) return { kind: 'recorded', review: earlier };
  return refuse('conflict', 'This Idempotency-Key was used for another review.');
}

function isSameRequest(review: SentReview, { seen, verdicts, sign }: ReviewRequest): boolean {
  return (
    review.seen_url === seen.url &&
    review.seen_version_id === seen.versionId &&
    review.signed === sign &&
    review.given.length === verdicts.length &&
    verdicts.every((verdict) => review.given.some((given) => isSameVerdict(given, verdict)))
  );
}

type Checked = { kind: 'checked'; verdicts: Verdict[] } | Refused;

function check(
  { user, request }: Attempt,
  reading: Reading,
  standing: Standing,
  correctionsFor: (finding: Finding) => CodedConcept[],
): Checked {
  const { seen, verdicts, sign } = request;
  if (sign && !user.roles.includes('radiologist')) return refuse('not-allowed', 'Only a radiologist signs a report.');
  const may = mayOf(reading, standing, user);
  if (!may.review) return refuse('conflict', may.why ?? 'There is nothing to answer here.');
  if (seen.url !== standing.seen.url || seen.versionId !== standing.seen.versionId)
    return refuse(
      'conflict',
      'The report has changed since it was shown to you. Look at it again and repeat your answer.',
    );
  if (standing.state !== 'unreviewed' && !(sign && verdicts.length > 0))
    return refuse('conflict', 'This report is signed already. Change an answer and sign again to correct it.');
  const findings = findingsOf(reading);
  const wrong = verdicts.map((verdict) => whatIsWrong(verdict, findings, correctionsFor)).find(Boolean);
  if (wrong !== undefined) return refuse('not-understood', wrong);
  return sign ? withAllOthers(verdicts, findings, standing) : { kind: 'checked', verdicts };
}

function whatIsWrong(
  given: Verdict,
  findings: readonly Finding[],
  correctionsFor: (finding: Finding) => CodedConcept[],
): string | undefined {
  const finding = findings.find(({ trackingUid }) => trackingUid === given.trackingUid);
  if (finding === undefined) return `There is no finding ${given.trackingUid} in this report.`;
  if (given.verdict !== 'corrected') return undefined;
  const { concept } = given;
  // The display is filed too: only the one that the table gives.
  const offered = correctionsFor(finding).some((one) => isSameConcept(one, concept) && one.display === concept.display);
  return offered ? undefined : `${finding.concept.display} cannot be corrected to ${concept.code}.`;
}

/** Who signs answers for every finding: the verdicts that were given before go with the signature. */
function withAllOthers(verdicts: readonly Verdict[], findings: readonly Finding[], standing: Standing): Checked {
  const verdictOn = ({ trackingUid }: Finding) =>
    verdicts.find((given) => given.trackingUid === trackingUid) ?? lastVerdict(standing, trackingUid);
  const open = findings.filter((finding) => verdictOn(finding) === undefined);
  if (open.length > 0)
    return refuse(
      'conflict',
      `Not every finding is answered: ${open.map(({ concept }) => concept.display).join(', ')}.`,
    );
  return { kind: 'checked', verdicts: findings.flatMap((finding) => verdictOn(finding) ?? []) };
}

/** `last`: when the newest review of the study was recorded; two never share a moment, since the message's id has it. */
function reviewOf(
  { uid, model, user, request, key = randomUUID() }: Attempt,
  { revision }: Reading,
  { state }: Standing,
  verdicts: Verdict[],
  last: Date | undefined,
): SentReview {
  return {
    id: reviewId(uid, model, user.subject, key),
    model_name: model.split('@')[0] ?? '',
    model,
    revision,
    seen_url: request.seen.url,
    seen_version_id: request.seen.versionId,
    seen_state: state,
    subject: user.subject,
    name: user.name ?? null,
    role: user.roles.includes('radiologist') ? 'radiologist' : 'clinician',
    given: request.verdicts,
    verdicts,
    signed: request.sign,
    recorded_at: new Date(Math.max(Date.now(), (last?.getTime() ?? 0) + 1)),
  };
}

function messageOf(uid: Uid, model: ReviewRecorded['model'], review: SentReview): ReviewRecorded {
  const { revision, seen_url, seen_version_id, subject, role, name, verdicts, signed, recorded_at } = review;
  return {
    studyInstanceUid: uid,
    revision,
    model,
    report: { url: seen_url, versionId: seen_version_id },
    reviewer: { subject, role, ...(name === null ? {} : { name }) },
    verdicts,
    ...(signed ? { signed } : {}),
    recordedAt: recorded_at.toISOString(),
  };
}

function refuse(kind: Refused['kind'], text: string): Refused {
  return { kind, text };
}
