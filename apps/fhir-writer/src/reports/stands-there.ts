import type { Outbox } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { filedMessage } from '../deliveries/record-delivery.ts';
import type { Report } from './report-store.ts';

/** A destination whose people made the report what it is needs not be told: how it stands there is written down, and said. */
export async function standsThere(outbox: Outbox<Tx>, tx: Tx, report: Report, destination: string): Promise<void> {
  const { studyInstanceUid, model, generation, edition, traceparent } = report;
  const [told] = await tx.query<
    {
      edition: number;
      report_url: string;
      version_id: string | null;
      seen: Record<string, string> | null;
      closed: boolean | null;
    }[]
  >(
    `select edition, report_url, version_id, seen, closed from told_edition
     left join chart_look using (study_instance_uid, model, generation, destination)
     where study_instance_uid = $1 and model = $2 and generation = $3 and destination = $4 and report_url is not null
     order by edition desc limit 1`,
    [studyInstanceUid, model, generation, destination],
  );
  const id = told?.report_url.split('/').at(-1);
  if (told === undefined || id === undefined) return;
  // A server that keeps no versions is named by edition, and an edition that was told by the version that is written down.
  const seen = edition === told.edition || told.version_id === null ? undefined : told.seen?.[`DiagnosticReport/${id}`];
  const versionId = seen ?? told.version_id ?? undefined;
  await tx.query(
    `insert into told_edition (study_instance_uid, model, generation, edition, destination, report_url, version_id)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    [studyInstanceUid, model, generation, edition, destination, told.report_url, versionId ?? null],
  );
  const message = filedMessage(report, destination, {
    reportUrl: told.report_url,
    resources: [{ resourceType: 'DiagnosticReport', id, ...(versionId === undefined ? {} : { versionId }) }],
    ...(told.closed === true ? { closed: true } : {}),
  });
  if (message !== undefined) await outbox.add(tx, 'report.filed.v1', message, traceparent);
}
