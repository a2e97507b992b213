import type { InferenceCompleted, InstancesRejected } from '@sightline/contracts';
import type { Tx } from '@sightline/persistence';

type Db = Pick<Tx, 'query'>;

const lockOfStudy = 'hashtextextended($1, 0)';

/** Until the transaction ends nothing more of the study is rejected: taken before the lock on its reports. */
export async function holdRejections(tx: Tx, studyInstanceUid: string): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock_shared(${lockOfStudy})`, [`rejections/${studyInstanceUid}`]);
}

/** Keeps what is rejected, for answers that have yet to come; those that are being accepted are waited for. */
export async function keepRejection(tx: Tx, rejection: InstancesRejected): Promise<void> {
  const { studyInstanceUid, noteSopInstanceUid, reason, instances, rejectedAt } = rejection;
  await tx.query(`select pg_advisory_xact_lock(${lockOfStudy})`, [`rejections/${studyInstanceUid}`]);
  await tx.query(
    `insert into rejected_instance (study_instance_uid, sop_instance_uid, reason, note_sop_instance_uid, rejected_at)
     select $1, unnest($2::text[]), $3, $4, $5 on conflict do nothing`,
    [studyInstanceUid, instances.map(({ sopInstanceUid }) => sopInstanceUid), reason, noteSopInstanceUid, rejectedAt],
  );
}

/** The first rejection of an image that an answer was made of, or undefined where all of them stand. */
export async function rejectionOf(
  db: Db,
  { study, images, outcome }: InferenceCompleted,
): Promise<Pick<InstancesRejected, 'reason' | 'noteSopInstanceUid'> | undefined> {
  const named = outcome.kind === 'findings' ? outcome.findings.flatMap(({ sources }) => sources) : [];
  const [rejected] = await db.query<Pick<InstancesRejected, 'reason' | 'noteSopInstanceUid'>[]>(
    `select reason, note_sop_instance_uid as "noteSopInstanceUid" from rejected_instance
     where study_instance_uid = $1 and sop_instance_uid = any($2) order by rejected_at, sop_instance_uid limit 1`,
    [study.studyInstanceUid, [...images, ...named].map(({ sopInstanceUid }) => sopInstanceUid)],
  );
  return rejected;
}
