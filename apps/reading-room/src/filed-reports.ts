import type { ReportFiled } from '@sightline/contracts';
import type { ReportState, Verdict } from '@sightline/findings';
import type { Tx } from '@sightline/persistence';

/** One report as it stands at one destination. */
export interface FiledReport {
  model_name: string;
  /** `name@version` of the version that answered. */
  model: string;
  revision: number;
  /** '' where the message named none. */
  destination: string;
  generation: number;
  edition: number;
  state: ReportState;
  report_url: string;
  version_id: string | null;
  verdicts: Verdict[];
  /** A person there has answered for the whole: nothing that is said here reaches it. */
  closed: boolean;
  filed_at: Date;
}

/** Keeps the newest edition of each report at each destination, in whatever order they are heard. */
export async function projectReport(tx: Tx, report: ReportFiled): Promise<void> {
  const { model, resources, reportUrl } = report;
  const resource = resources.find(
    ({ resourceType, id }) => resourceType === 'DiagnosticReport' && reportUrl.endsWith(`/${id}`),
  );
  await tx.query(
    `insert into filed_report (study_instance_uid, model_name, destination, generation, edition, revision, model, state,
       report_url, version_id, verdicts, filed_at, closed)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (study_instance_uid, model_name, destination, generation) do update
     set edition = excluded.edition, revision = excluded.revision, model = excluded.model, state = excluded.state,
         report_url = excluded.report_url, version_id = excluded.version_id, verdicts = excluded.verdicts,
         filed_at = excluded.filed_at, closed = excluded.closed
     where (filed_report.edition, filed_report.filed_at) <= (excluded.edition, excluded.filed_at)`,
    [
      report.studyInstanceUid,
      model.name,
      report.destination ?? '',
      report.generation ?? 1,
      report.edition ?? 1,
      report.revision,
      `${model.name}@${model.version}`,
      report.state,
      reportUrl,
      resource?.versionId ?? null,
      JSON.stringify(report.verdicts ?? []),
      report.filedAt,
      report.closed ?? false,
    ],
  );
}

/** Every report of a study at every destination, the newest of each first. */
export async function filedReports(db: Pick<Tx, 'query'>, uid: string): Promise<FiledReport[]> {
  return db.query<FiledReport[]>(
    `select model_name, model, revision, destination, generation, edition, state, report_url, version_id, verdicts, closed,
       filed_at
     from filed_report where study_instance_uid = $1
     order by generation desc, edition desc, filed_at desc, destination`,
    [uid],
  );
}
