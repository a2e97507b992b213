import type { InferenceCompleted, ModelReference } from '@sightline/contracts';
import type { ReportState } from '@sightline/findings';
import type { DataSource, Tx } from '@sightline/persistence';

import type { Filed } from './write-report.ts';

/** What became of an answer. */
export type Disposition = 'filed' | 'not-filed' | 'superseded' | 'held' | 'quarantined' | 'refused';

export interface ReportRow {
  generation: number;
  revision: number;
  version: string;
  state: ReportState;
}

export interface WaitingAnswer {
  id: string;
  reason: string;
  answer: unknown;
  traceparent: string | undefined;
}

/** One answer of one model version to one revision; `failed` and later findings are the same answer. */
export function answerId({ study, model }: InferenceCompleted): string {
  return `${study.studyInstanceUid}/${study.revision}/${model === undefined ? 'none' : `${model.name}@${model.version}`}`;
}

/** The rows of this app: reports in the chart, and answers with what became of them. */
export class FilingStore {
  constructor(private readonly dataSource: DataSource) {}

  /** The newest generation of a study's report by this model, whatever its version. */
  async newestReport(studyInstanceUid: string, model: string): Promise<ReportRow | undefined> {
    const [row] = await this.dataSource.query<ReportRow[]>(
      `select generation, revision, version, state from report
       where study_instance_uid = $1 and model = $2 order by generation desc limit 1`,
      [studyInstanceUid, model],
    );
    return row;
  }

  /**
   * Notes what became of an answer. What was filed stays filed; a `yields` note (a failure, which findings replace) never
   * covers another. The message itself is kept only while it waits.
   */
  async note(
    tx: Tx,
    answer: InferenceCompleted,
    become: { disposition: Disposition; reason?: string; yields?: boolean },
    traceparent: string | undefined,
  ): Promise<void> {
    const { disposition, reason, yields = false } = become;
    const waits = disposition === 'held' || disposition === 'quarantined';
    await tx.query(
      `insert into answer (id, study_instance_uid, model, version, revision, disposition, reason, body, traceparent)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       on conflict (id) do update
       set disposition = excluded.disposition, reason = excluded.reason, body = excluded.body,
         traceparent = excluded.traceparent, recorded_at = now(), checked_at = now()
       where answer.disposition <> 'filed' and not $10`,
      [
        answerId(answer),
        answer.study.studyInstanceUid,
        answer.model?.name ?? null,
        answer.model?.version ?? null,
        answer.study.revision,
        disposition,
        reason ?? null,
        waits ? JSON.stringify(answer) : null,
        traceparent ?? null,
        yields,
      ],
    );
  }

  /** Notes a report in the chart; older answers of the same model that still wait have nothing to wait for any more. */
  async noteReport(
    tx: Tx,
    study: { studyInstanceUid: string; revision: number },
    model: ModelReference,
    filed: Filed,
  ): Promise<void> {
    await tx.query(
      `insert into report
         (study_instance_uid, model, generation, revision, version, state, report_url, resources, bundle_sha256)
       values ($1, $2, $3, $4, $5, 'unreviewed', $6, $7, $8)
       on conflict (study_instance_uid, model, generation) do update
       set revision = excluded.revision, version = excluded.version, report_url = excluded.report_url,
         resources = excluded.resources, bundle_sha256 = excluded.bundle_sha256, filed_at = now()
       where report.revision <= excluded.revision`,
      [
        study.studyInstanceUid,
        model.name,
        filed.generation,
        study.revision,
        model.version,
        filed.reportUrl,
        JSON.stringify(filed.resources),
        filed.bundleSha256,
      ],
    );
    await tx.query(
      `update answer set disposition = 'superseded', body = null
       where study_instance_uid = $1 and model = $2 and revision < $3 and disposition in ('held', 'quarantined')`,
      [study.studyInstanceUid, model.name, study.revision],
    );
  }

  /** Quarantined answers that have not been looked up for `olderThanMs`; marked as looked up now, so that replicas share them. */
  async takeQuarantined(limit: number, olderThanMs: number): Promise<WaitingAnswer[]> {
    const [rows] = await this.dataSource.query<
      [{ id: string; reason: string; body: unknown; traceparent: string | null }[], number]
    >(
      `update answer set checked_at = now() where id in (
         select id from answer where disposition = 'quarantined' and checked_at <= now() - $2 * interval '1 millisecond'
         order by checked_at limit $1 for update skip locked)
       returning id, reason, body, traceparent`,
      [limit, olderThanMs],
    );
    return rows.map(({ id, reason, body, traceparent }) => ({
      id,
      reason,
      answer: body,
      traceparent: traceparent ?? undefined,
    }));
  }
}
