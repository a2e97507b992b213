import type { DataSource, Tx } from '@sightline/persistence';
import type { ReportKey } from '../reports/report-store.ts';

/**
 * Where a report stands with a destination. `due`: it has something to hear. `told`: it knows. `held`: not before a signature.
 * `quarantined`: the patient could not be told for sure. `refused`: it would not take it, and somebody must look. `not-needed`:
 * there is nothing to say there.
 */
export type DeliveryStatus = 'due' | 'told' | 'held' | 'quarantined' | 'refused' | 'not-needed';

/** A delivery one runner holds for a while. `token` grows with every lease: an older one can record nothing. */
export interface DeliveryLease extends ReportKey {
  destination: string;
  token: string;
  edition: number;
  toldEdition?: number;
  memory: unknown;
  /** What a try was about to tell that nobody knows the end of; undefined where nothing was ever begun. */
  begun?: unknown;
  patient?: string;
  /** Of the quarantine it was in. */
  reason?: string;
  /** `told`: it knows, and is to be asked again whose the report is. */
  status: 'due' | 'quarantined' | 'told';
  /** 1 for the first try. */
  attempt: number;
}

interface LeaseRow {
  study_instance_uid: string;
  model: string;
  generation: number;
  destination: string;
  token: string;
  edition: number;
  told_edition: number | null;
  told: unknown;
  begun: unknown;
  patient: string | null;
  reason: string | null;
  status: 'due' | 'quarantined' | 'told';
  attempt: number;
}

export interface DeliveryEnd {
  status: DeliveryStatus;
  reason?: string;
  /** Of a delivery that told; otherwise what was told before stays. `report` is how its readers will name what they saw. */
  told?: {
    memory: unknown;
    report?: { url: string; versionId?: string };
    /** Where it is not the one that was to be told. */
    edition?: number;
  };
  /** Until it is taken again, where it is. */
  delayMs?: number;
  /** A try that does not count: nothing was tried, or there is no end to the trying. */
  keepsAttempt?: boolean;
}

/** At once, after a minute, after ten, after a hundred. */
const mostRechecks = 3;

/** What each destination is to be told of each report, and was; shared by replicas, by the database's clock alone. */
export class DeliveryStore {
  constructor(private readonly dataSource: DataSource) {}

  /** Takes up to `limit` deliveries that are due. Reports of one study and model go one after the other, the older first. */
  async take(destination: string, limit: number, leaseMs: number): Promise<DeliveryLease[]> {
    const [rows] = await this.dataSource.query<[LeaseRow[], number]>(
      `update delivery set token = token + 1, attempt = attempt + 1, leased_until = now() + $3 * interval '1 millisecond'
       where (study_instance_uid, model, generation, destination) in (
         select study_instance_uid, model, generation, destination from delivery
         where destination = $1
           and ((status in ('due', 'quarantined') and not_before <= now()) or (status = 'told' and recheck_at <= now()))
           and (leased_until is null or leased_until < now())
         order by not_before, study_instance_uid, generation limit $2 for update skip locked)
       returning *`,
      [destination, limit, leaseMs],
    );
    return rows.map(toLease);
  }

  /** Before something is told for the first time: from now on the destination may have it, whatever is heard of the try. */
  async begin({ token, ...lease }: DeliveryLease, memory: unknown): Promise<void> {
    await this.dataSource.query(
      `update delivery set begun = $6
       where study_instance_uid = $1 and model = $2 and generation = $3 and destination = $4 and token = $5`,
      [lease.studyInstanceUid, lease.model, lease.generation, lease.destination, token, JSON.stringify(memory)],
    );
  }

  /** Holds on to deliveries; those whose lease was lost stay lost. */
  async renew(leases: readonly DeliveryLease[], leaseMs: number): Promise<void> {
    await this.dataSource.query(
      `update delivery set leased_until = now() + $3 * interval '1 millisecond'
       from unnest($1::jsonb[], $2::bigint[]) as held (key, token)
       where delivery.token = held.token and leased_until is not null
         and study_instance_uid = held.key ->> 0 and model = held.key ->> 1
         and generation = (held.key ->> 2)::int and destination = held.key ->> 3`,
      [
        leases.map((one) => JSON.stringify([one.studyInstanceUid, one.model, one.generation, one.destination])),
        leases.map(({ token }) => token),
        leaseMs,
      ],
    );
  }

  /** True where a person there has answered for the report as a whole: nothing more is written to it, but that it is withdrawn. */
  async isClosed({ studyInstanceUid, model, generation, destination }: DeliveryLease): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(
      `select 1 from chart_look
       where study_instance_uid = $1 and model = $2 and generation = $3 and destination = $4 and closed`,
      [studyInstanceUid, model, generation, destination],
    );
    return rows.length > 0;
  }

  /** Whose a report is was asked again, and is as it was: asked once more later, since an EHR may hear of a merge after us. */
  async rechecked(lease: DeliveryLease): Promise<void> {
    await this.dataSource.query(
      `update delivery set leased_until = null, attempt = 0, rechecks = rechecks + 1,
         recheck_at = case when rechecks >= $6 then null else now() + power(10, rechecks) * interval '1 minute' end
       where study_instance_uid = $1 and model = $2 and generation = $3 and destination = $4 and token = $5`,
      [lease.studyInstanceUid, lease.model, lease.generation, lease.destination, lease.token, mostRechecks],
    );
  }

  /**
   * Records how a delivery ended, in the transaction of its other effects; false where the token is not current any more: roll
   * back. Where the report has moved on meanwhile it stays due, whatever came of this edition.
   */
  async end(tx: Tx, lease: DeliveryLease, end: DeliveryEnd): Promise<boolean> {
    const { status, reason, told, delayMs = 0, keepsAttempt = false } = end;
    const [, affected] = await tx.query<[unknown, number]>(
      `update delivery set leased_until = null, changed_at = now(),
         status = case when edition > $6 then 'due' else $7 end,
         reason = case when edition > $6 then null else $8 end,
         not_before = case when edition > $6 then now() else now() + $9 * interval '1 millisecond' end,
         attempt = case when edition > $6 or $7 not in ('due', 'quarantined') then 0 else attempt - $10::int end,
         told_edition = case when $11 then $13 else told_edition end,
         told = case when $11 then $12 else told end
       where study_instance_uid = $1 and model = $2 and generation = $3 and destination = $4 and token = $5`,
      [
        lease.studyInstanceUid,
        lease.model,
        lease.generation,
        lease.destination,
        lease.token,
        lease.edition,
        status,
        reason ?? null,
        delayMs,
        keepsAttempt ? 1 : 0,
        told !== undefined,
        told === undefined ? null : JSON.stringify(told.memory),
        told?.edition ?? lease.edition,
      ],
    );
    if (affected === 0 || told === undefined) return affected > 0;
    await tx.query(
      `insert into told_edition (study_instance_uid, model, generation, edition, destination, report_url, version_id)
       values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
      [
        lease.studyInstanceUid,
        lease.model,
        lease.generation,
        told.edition ?? lease.edition,
        lease.destination,
        told.report?.url ?? null,
        told.report?.versionId ?? null,
      ],
    );
    return true;
  }
}

function toLease(row: LeaseRow): DeliveryLease {
  return {
    studyInstanceUid: row.study_instance_uid,
    model: row.model,
    generation: row.generation,
    destination: row.destination,
    token: row.token,
    edition: row.edition,
    ...(row.told_edition === null ? {} : { toldEdition: row.told_edition }),
    memory: row.told ?? undefined,
    ...(row.begun === null ? {} : { begun: row.begun }),
    ...(row.patient === null ? {} : { patient: row.patient }),
    ...(row.reason === null ? {} : { reason: row.reason }),
    status: row.status,
    attempt: row.attempt,
  };
}
