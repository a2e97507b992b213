import type { Instance, StudyContext } from '@sightline/contracts';
import type { InferenceOutcome } from '@sightline/contracts';
import type { ReportState } from '@sightline/findings';
import type { Tx } from '@sightline/persistence';
import { z } from 'zod';
import { filedReports, type FiledReport } from './filed-reports.ts';
import { sentReviews, type SentReview } from './sent-reviews.ts';
import type { StudyState } from './study-view.ts';

export const studyQuerySchema = z.strictObject({
  show: z.enum(['positive', 'refused', 'attention', 'received', 'read']).optional(),
  order: z.enum(['newest', 'positives-first']).default('newest'),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
});

export type StudyQuery = z.infer<typeof studyQuerySchema>;

export interface Reading {
  model: string;
  revision: number;
  outcome: InferenceOutcome | null;
  overdue: boolean;
  requested_at: Date | null;
  deadline: Date | null;
  started_at: Date | null;
  completed_at: Date | null;
}

export interface StudyRow {
  revision: number;
  context: StudyContext;
  instances: Instance[] | null;
  state: StudyState;
  positive: boolean;
  received_at: Date;
  readings: Reading[];
}

export interface ListedStudy extends StudyRow {
  /** With the state of the report, wherever it was filed. */
  readings: (Reading & { state: ReportState | null })[];
  /** A newer answer stands beside a report that somebody signed. */
  newer_since_signed: boolean;
}

export interface OpenStudy extends StudyRow {
  filed: FiledReport[];
  reviews: SentReview[];
}

/**
 * Every study with its state. What nobody answered in time comes first, then what failed, then what is still expected: a study is
 * `read` only when all who were asked have spoken and one found something to say, `refused` when all refused. The database's clock decides.
 */
const studies = `
  with newest as (
    select distinct on (study_instance_uid) study_instance_uid, revision, context, instances,
           coalesce(received_at, noted_at) as received_at
    from study_revision order by study_instance_uid, revision desc
  ), told as (
    select study_instance_uid,
           bool_or(outcome is null and deadline < now()) as overdue,
           bool_or(outcome is null and deadline >= now()) as pending,
           bool_or(outcome ->> 'kind' = 'failed') as failed,
           bool_or(outcome ->> 'kind' = 'findings') as read,
           bool_or(jsonb_path_exists(outcome, '$.findings[*] ? (@.presence == "present")')) as positive
    from current_reading group by study_instance_uid
  ), study as (
    select newest.*, coalesce(told.positive, false) as positive,
           case when overdue then 'overdue' when failed then 'failed' when pending then 'received'
                when read then 'read' when told.study_instance_uid is not null then 'refused' else 'received' end as state
    from newest left join told using (study_instance_uid)
  )`;

const readings = `
  coalesce((select jsonb_agg(jsonb_build_object('model', model, 'outcome', outcome,
    'overdue', outcome is null and deadline < now(), 'state', (
      select state from filed_report filed
      where filed.study_instance_uid = current_reading.study_instance_uid and filed.model = current_reading.model
        and filed.revision = current_reading.revision
      order by generation desc, edition desc, filed_at desc limit 1)) order by model)
    from current_reading where current_reading.study_instance_uid = study.study_instance_uid), '[]') as readings`;

const newerSinceSigned = `
  exists (select 1 from current_reading answer join filed_report signed using (study_instance_uid, model_name)
    where answer.study_instance_uid = study.study_instance_uid and answer.outcome ->> 'kind' = 'findings'
      and signed.state in ('signed', 'corrected')
      and (answer.revision > signed.revision or answer.model <> signed.model or exists (
        select 1 from filed_report newer
        where newer.study_instance_uid = signed.study_instance_uid and newer.model_name = signed.model_name
          and newer.generation > signed.generation))) as newer_since_signed`;

const filters: Record<NonNullable<StudyQuery['show']>, string> = {
  positive: 'positive',
  refused: `state = 'refused'`,
  attention: `state in ('failed', 'overdue')`,
  received: `state = 'received'`,
  read: `state = 'read'`,
};

export async function listStudies(
  tx: Pick<Tx, 'query'>,
  query: StudyQuery,
): Promise<{ total: number; rows: ListedStudy[] }> {
  const where = query.show === undefined ? 'true' : filters[query.show];
  const order = query.order === 'newest' ? '' : 'positive desc,';
  const rows = await tx.query<(ListedStudy & { total: string })[]>(
    `${studies} select *, count(*) over () as total, ${readings}, ${newerSinceSigned} from study where ${where}
     order by ${order} received_at desc, study_instance_uid limit $1 offset $2`,
    [query.limit, query.offset],
  );
  return { total: Number(rows[0]?.total ?? 0), rows };
}

export async function countStudies(tx: Pick<Tx, 'query'>): Promise<Record<StudyState | 'all' | 'positive', number>> {
  const [counts] = await tx.query<Record<StudyState | 'all' | 'positive', number>[]>(
    `${studies} select count(*)::int as "all", (count(*) filter (where positive))::int as positive,
     ${(['received', 'read', 'refused', 'failed', 'overdue'] as const)
       .map((state) => `(count(*) filter (where state = '${state}'))::int as ${state}`)
       .join(', ')} from study`,
  );
  if (counts === undefined) throw new Error('counting gave no row');
  return counts;
}

/** Undefined until any message has told of the study. */
export async function findStudy(tx: Pick<Tx, 'query'>, uid: string): Promise<OpenStudy | undefined> {
  const [row] = await tx.query<StudyRow[]>(`${studies} select * from study where study_instance_uid = $1`, [uid]);
  if (row === undefined) return undefined;
  const told = await tx.query<Reading[]>(
    `select model, revision, outcome, outcome is null and deadline < now() as overdue, requested_at, deadline, started_at,
            completed_at
     from current_reading where study_instance_uid = $1 order by model`,
    [uid],
  );
  const instances = row.instances ?? (await requestedInstances(tx, uid));
  return { ...row, instances, readings: told, filed: await filedReports(tx, uid), reviews: await sentReviews(tx, uid) };
}

async function requestedInstances(tx: Pick<Tx, 'query'>, uid: string): Promise<Instance[]> {
  const rows = await tx.query<{ requested_instances: Instance[] | null }[]>(
    'select requested_instances from current_reading where study_instance_uid = $1',
    [uid],
  );
  const all = rows.flatMap(({ requested_instances }) => requested_instances ?? []);
  return [...new Map(all.map((instance) => [instance.sopInstanceUid, instance])).values()];
}
