import type { InferenceCompleted } from '@sightline/contracts';
import type { Tx } from '@sightline/persistence';

/** What became of an answer. `reported`: it is what a report says, or said. */
export type Disposition = 'reported' | 'not-filed' | 'superseded' | 'refused';

/** One answer of one model version to one revision; `failed` and later findings are the same answer. */
export function answerId({ study, model }: InferenceCompleted): string {
  return `${study.studyInstanceUid}/${study.revision}/${model === undefined ? 'none' : `${model.name}@${model.version}`}`;
}

/**
 * Notes what became of an answer. What is reported stays so; a `yields` note (a failure, which findings replace) never covers
 * another.
 */
export async function noteAnswer(
  tx: Tx,
  answer: InferenceCompleted,
  become: { disposition: Disposition; reason?: string; yields?: boolean },
): Promise<void> {
  const { disposition, reason, yields = false } = become;
  await tx.query(
    `insert into answer (id, study_instance_uid, model, version, revision, disposition, reason)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (id) do update
     set disposition = excluded.disposition, reason = excluded.reason, recorded_at = now()
     where answer.disposition <> 'reported' and not $8`,
    [
      answerId(answer),
      answer.study.studyInstanceUid,
      answer.model?.name ?? null,
      answer.model?.version ?? null,
      answer.study.revision,
      disposition,
      reason ?? null,
      yields,
    ],
  );
}
