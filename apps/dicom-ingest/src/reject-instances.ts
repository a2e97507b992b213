import type { DicomHeader, Uid } from '@sightline/dicom';
import type { Outbox } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import type { Audit } from './audit.ts';
import { extendRevision } from './extend-revision.ts';
import type { Note, RejectedInstance } from './read-note.ts';

type Rejection = Extract<Note, { kind: 'rejection' }>;

/** True where a note that came before takes the instance back. Under the study row's lock. */
export async function isRejected(tx: Tx, { studyInstanceUid, sopInstanceUid }: DicomHeader): Promise<boolean> {
  const rows = await tx.query<unknown[]>(
    'select 1 from rejected_instance where study_instance_uid = $1 and sop_instance_uid = $2',
    [studyInstanceUid, sopInstanceUid],
  );
  return rows.length > 0;
}

/** Takes back what a note names, whether it is here or has yet to come, and says so of each study. */
export class RejectInstances {
  constructor(
    private readonly outbox: Outbox<Tx>,
    private readonly audit: Audit,
    private readonly quietPeriodMs: number,
  ) {}

  /** Under the locks of the rows of all studies that the note names. */
  async reject(tx: Tx, noteSopInstanceUid: Uid, { reason, instances }: Rejection): Promise<void> {
    const rejectedAt = new Date().toISOString();
    for (const [studyInstanceUid, named] of byStudy(instances)) {
      const uids = named.map(({ sopInstanceUid }) => sopInstanceUid);
      await tx.query(
        `insert into rejected_instance (study_instance_uid, sop_instance_uid, note_sop_instance_uid, rejected_at)
         select $1, unnest($2::text[]), $3, $4 on conflict do nothing`,
        [studyInstanceUid, uids, noteSopInstanceUid, rejectedAt],
      );
      await this.showNoMore(tx, studyInstanceUid, uids);
      await this.outbox.add(tx, 'instances.rejected.v1', {
        studyInstanceUid,
        noteSopInstanceUid,
        reason,
        instances: named.map(({ studyInstanceUid: _study, ...instance }) => instance),
        rejectedAt,
      });
      await this.audit.instancesRejected(tx, { studyInstanceUid, noteSopInstanceUid, reason, instances: uids });
    }
  }

  /** Models that were shown one of them are asked anew, without it; who has not answered by now is not asked for that again. */
  private async showNoMore(tx: Tx, studyInstanceUid: Uid, uids: readonly Uid[]): Promise<void> {
    const [, shown] = await tx.query<[unknown[], number]>(
      `update instance set left_out = 'rejected'
       where study_instance_uid = $1 and sop_instance_uid = any($2) and left_out is null`,
      [studyInstanceUid, uids],
    );
    if (shown === 0) return;
    await tx.query(
      `update request set answered_at = clock_timestamp(), outcome = 'rejected'
       where study_instance_uid = $1 and answered_at is null and exists (
         select 1 from jsonb_array_elements(body -> 'instances') as asked where asked ->> 'sopInstanceUid' = any($2))`,
      [studyInstanceUid, uids],
    );
    await extendRevision(tx, studyInstanceUid, { opens: 'next', quietPeriodMs: this.quietPeriodMs });
  }
}

/** Each instance once. */
function byStudy(instances: readonly RejectedInstance[]): Map<Uid, RejectedInstance[]> {
  const once = new Map(instances.map((instance) => [instance.sopInstanceUid, instance]));
  const studies = new Map<Uid, RejectedInstance[]>();
  for (const instance of once.values()) {
    studies.set(instance.studyInstanceUid, [...(studies.get(instance.studyInstanceUid) ?? []), instance]);
  }
  return studies;
}
