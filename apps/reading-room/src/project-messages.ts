import type { InferenceCompleted, InferenceRequested, StudyContext, StudyReceived } from '@sightline/contracts';
import type { Tx } from '@sightline/persistence';

/** What stands in place of a model where none reads the study. */
export const noModel = 'none';

type Model = { name: string; version: string } | undefined;

function modelKey(model: Model): string {
  return model === undefined ? noModel : `${model.name}@${model.version}`;
}

export async function projectStudy(tx: Tx, { study, instances, completeness }: StudyReceived): Promise<void> {
  await tx.query(
    `insert into study_revision (study_instance_uid, revision, context, instances, received_at) values ($1, $2, $3, $4, $5)
     on conflict (study_instance_uid, revision) do update
     set context = excluded.context, instances = excluded.instances, received_at = excluded.received_at`,
    [
      study.studyInstanceUid,
      study.revision,
      JSON.stringify(study),
      JSON.stringify(instances),
      completeness.lastReceivedAt,
    ],
  );
}

export async function projectRequest(tx: Tx, { study, model, ...request }: InferenceRequested): Promise<void> {
  await noteContext(tx, study);
  await tx.query(
    `insert into reading (study_instance_uid, revision, model, model_name, role, requested_at, deadline, requested_instances)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (study_instance_uid, revision, model) do update
     set role = excluded.role, requested_at = excluded.requested_at, deadline = excluded.deadline,
         requested_instances = excluded.requested_instances`,
    [
      study.studyInstanceUid,
      study.revision,
      modelKey(model),
      model.name,
      request.role,
      request.requestedAt,
      request.deadline,
      JSON.stringify(request.instances),
    ],
  );
}

/** A failure is replaced by whatever comes later; an answer by nothing. */
export async function projectAnswer(
  tx: Tx,
  { study, model, role, outcome, timings }: InferenceCompleted,
): Promise<void> {
  await noteContext(tx, study);
  await tx.query(
    `insert into reading (study_instance_uid, revision, model, model_name, role, outcome, started_at, completed_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (study_instance_uid, revision, model) do update
     set role = excluded.role, outcome = excluded.outcome, started_at = excluded.started_at, completed_at = excluded.completed_at
     where reading.outcome is null or reading.outcome ->> 'kind' = 'failed'`,
    [
      study.studyInstanceUid,
      study.revision,
      modelKey(model),
      model?.name ?? noModel,
      role,
      JSON.stringify(outcome),
      timings.startedAt ?? null,
      timings.completedAt,
    ],
  );
}

async function noteContext(tx: Tx, study: StudyContext): Promise<void> {
  await tx.query(
    `insert into study_revision (study_instance_uid, revision, context) values ($1, $2, $3) on conflict do nothing`,
    [study.studyInstanceUid, study.revision, JSON.stringify(study)],
  );
}
