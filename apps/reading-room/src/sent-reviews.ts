import { createHash } from 'node:crypto';
import type { ReportState, Reviewer, Verdict } from '@sightline/findings';
import type { Tx } from '@sightline/persistence';

/** What a person said here of one report, and which version of it they saw. */
export interface SentReview {
  id: string;
  model_name: string;
  /** `name@version` of the version that answered. */
  model: string;
  revision: number;
  seen_url: string;
  seen_version_id: string;
  seen_state: ReportState;
  subject: string;
  name: string | null;
  role: Reviewer['role'];
  /** As they were given. */
  given: Verdict[];
  /** As they were sent: with a signature, every verdict it stands for. */
  verdicts: Verdict[];
  signed: boolean;
  recorded_at: Date;
}

/** Holds the one lock on what is said of a study's reports by a model, until the transaction ends. */
export async function lockReviews(tx: Tx, uid: string, modelName: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`review/${uid}/${modelName}`]);
}

/** Everything said of a study's reports, the newest first. */
export async function sentReviews(db: Pick<Tx, 'query'>, uid: string): Promise<SentReview[]> {
  return db.query<SentReview[]>(
    `select id, model_name, model, revision, seen_url, seen_version_id, seen_state, subject, name, role, given, verdicts,
            signed, recorded_at
     from sent_review where study_instance_uid = $1 order by recorded_at desc`,
    [uid],
  );
}

export async function keepReview(tx: Tx, uid: string, review: SentReview): Promise<void> {
  await tx.query(
    `insert into sent_review (id, study_instance_uid, model_name, model, revision, seen_url, seen_version_id, seen_state,
       subject, name, role, given, verdicts, signed, recorded_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      review.id,
      uid,
      review.model_name,
      review.model,
      review.revision,
      review.seen_url,
      review.seen_version_id,
      review.seen_state,
      review.subject,
      review.name,
      review.role,
      JSON.stringify(review.given),
      JSON.stringify(review.verdicts),
      review.signed,
      review.recorded_at,
    ],
  );
}

/** The same for one person, report and key of the client: sending again is the same review. */
export function reviewId(uid: string, model: string, subject: string, key: string): string {
  return createHash('sha256')
    .update(JSON.stringify([uid, model, subject, key]))
    .digest('hex')
    .slice(0, 32);
}
