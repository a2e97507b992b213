import type { Tx } from '@sightline/persistence';
import { RevisionEntity } from './revision.entity.ts';

/**
 * The open revision's quiet period begins again; without one, what changes what models are shown opens the next. Anything else opens
 * only the first, so that a study of nothing else is still announced. Under the study row's lock.
 */
export async function extendRevision(
  tx: Tx,
  studyInstanceUid: string,
  { opens, quietPeriodMs }: { opens: 'next' | 'first'; quietPeriodMs: number },
): Promise<void> {
  const [, extended] = await tx.query<[unknown[], number]>(
    `update revision set last_received_at = clock_timestamp(), completes_at = clock_timestamp() + $2 * interval '1 ms'
     where study_instance_uid = $1 and state = 'receiving'`,
    [studyInstanceUid, quietPeriodMs],
  );
  if (extended > 0) return;
  const latest = (await tx.maximum(RevisionEntity, 'revision', { studyInstanceUid })) ?? 0;
  if (latest > 0 && opens === 'first') return;
  await tx.query(
    `insert into revision (study_instance_uid, revision, state, first_received_at, last_received_at, completes_at)
     values ($1, $2, 'receiving', clock_timestamp(), clock_timestamp(), clock_timestamp() + $3 * interval '1 ms')`,
    [studyInstanceUid, latest + 1, quietPeriodMs],
  );
}
