import { codes, mayBecome, type ReportState } from '@sightline/findings';
import type { Outbox } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { audit } from '../audit.ts';
import { rejectionOf } from './rejected-images.ts';
import { addEdition, lockReports, readReport, type ReportKey, type WithdrawnBecause } from './report-store.ts';

/** Everything one version of a model said in a time, `from` inclusive, `to` exclusive, both instants. */
export interface Recall {
  name: string;
  version: string;
  from: string;
  to: string;
}

export interface RecalledReport extends ReportKey {
  state: ReportState;
  revision: number;
  /** When the model said it. */
  saidAt: string;
  /** Where it stands with each destination: `told`, `due`, … */
  destinations: Record<string, string>;
}

/** Who withdraws, and why; the reason goes into the audit trail and names no patient. */
export interface Withdrawal {
  /** Nobody where the report fell with its images. */
  by?: { subject: string; role: string };
  reason: string;
  because?: WithdrawnBecause;
}

type Db = Pick<Tx, 'query'>;

/** Reports whose present content is what the version said in that time. */
const said = `
  from report
  join report_edition said using (study_instance_uid, model, generation, edition)
  where report.model = $1 and report.version = $2
    and (said.answer -> 'timings' ->> 'completedAt')::timestamptz >= $3::timestamptz
    and (said.answer -> 'timings' ->> 'completedAt')::timestamptz < $4::timestamptz`;

/** Lists what a recall is about, in an order that does not change, after `after` where the list is read in pages. */
export async function listRecalled(
  db: Db,
  recall: Recall,
  limit: number,
  after?: ReportKey,
): Promise<RecalledReport[]> {
  const rows = await db.query<
    {
      study_instance_uid: string;
      generation: number;
      state: ReportState;
      revision: number;
      said_at: string;
      destinations: Record<string, string>;
    }[]
  >(
    `select report.study_instance_uid, report.generation, report.state, report.revision,
       said.answer -> 'timings' ->> 'completedAt' as said_at,
       coalesce((select jsonb_object_agg(destination, status) from delivery
         where delivery.study_instance_uid = report.study_instance_uid and delivery.model = report.model
           and delivery.generation = report.generation), '{}') as destinations
     ${said} and (report.study_instance_uid, report.generation) > ($5, $6)
     order by report.study_instance_uid, report.generation limit $7`,
    [recall.name, recall.version, recall.from, recall.to, after?.studyInstanceUid ?? '', after?.generation ?? 0, limit],
  );
  return rows.map((row) => ({
    studyInstanceUid: row.study_instance_uid,
    model: recall.name,
    generation: row.generation,
    state: row.state,
    revision: row.revision,
    saidAt: row.said_at,
    destinations: row.destinations,
  }));
}

/** How far a recall has come: reports, those not withdrawn yet, and how many of them each destination has still to hear of. */
export async function recallProgress(
  db: Db,
  recall: Recall,
): Promise<{ reports: number; standing: number; waiting: Record<string, Record<string, number>> }> {
  const parameters = [recall.name, recall.version, recall.from, recall.to];
  const [counts] = await db.query<{ reports: number; standing: number }[]>(
    `select count(*)::int as reports, (count(*) filter (where report.state <> 'withdrawn'))::int as standing ${said}`,
    parameters,
  );
  const rows = await db.query<{ destination: string; status: string; count: number }[]>(
    `select destination, status, count(*)::int as count from delivery
     where (study_instance_uid, model, generation) in (select report.study_instance_uid, report.model, report.generation ${said})
     group by destination, status order by destination, status`,
    parameters,
  );
  const waiting: Record<string, Record<string, number>> = {};
  for (const { destination, status, count } of rows) (waiting[destination] ??= {})[status] = count;
  return { reports: counts?.reports ?? 0, standing: counts?.standing ?? 0, waiting };
}

/** Withdraws reports; each destination that was told of one is due to hear it. What is withdrawn already stays as it is. */
export class WithdrawReports {
  constructor(
    private readonly outbox: Outbox<Tx>,
    private readonly destinations: readonly string[],
  ) {}

  /** True where the report was withdrawn by this. */
  async withdraw(tx: Tx, key: ReportKey, { by, reason, because }: Withdrawal): Promise<boolean> {
    await lockReports(tx, key.studyInstanceUid, key.model);
    const current = await readReport(tx, key);
    if (current === undefined || !mayBecome(current.state, 'withdrawn')) return false;
    const edition = current.edition + 1;
    await addEdition(
      tx,
      { ...current, edition, state: 'withdrawn', reason, ...(because && { withdrawnBecause: because }) },
      this.destinations,
    );
    const { studyInstanceUid, model, generation } = key;
    await audit(this.outbox, tx, {
      type: by === undefined ? codes.local.reportFell : codes.local.reportWithdrawal,
      what: [studyInstanceUid, model, generation, edition],
      subject: studyInstanceUid,
      action: 'U',
      text: reason,
      ...(by && { agent: { kind: 'person', name: by.subject, role: by.role } }),
      entities: [
        { kind: 'study', id: studyInstanceUid },
        { kind: 'model', id: `${model}@${current.answer.model?.version ?? ''}` },
        { kind: 'report', id: `${studyInstanceUid}/${model}/${generation}`, detail: `was ${current.state}` },
      ],
    });
    return true;
  }

  /** True where the report was withdrawn because an image that it is made of was rejected. */
  async withdrawRejected(tx: Tx, key: ReportKey): Promise<boolean> {
    const current = await readReport(tx, key);
    const rejection = current && (await rejectionOf(tx, current.answer));
    if (rejection === undefined) return false;
    const { reason, noteSopInstanceUid } = rejection;
    return this.withdraw(tx, key, {
      reason: `an image it is made of was rejected (${reason}) by the note ${noteSopInstanceUid}`,
      because: reason === 'wrong-worklist-entry' ? reason : 'patient-safety',
    });
  }
}
