import { inTransaction, type DataSource, type Tx } from '@sightline/persistence';
import type { Hit } from '../fhir/chart-feedback.ts';
import type { ReportKey } from '../reports/report-store.ts';

/** A destination that one replica asks for a while. `token` grows with every lease: an older one can record nothing. */
export interface Round {
  destination: string;
  token: string;
  /** By the server's clock; undefined before the first round. */
  since: Date | undefined;
}

/** A report to be looked at in its chart. */
export interface Look extends ReportKey {
  destination: string;
  /** The lease of its delivery that was the last when this was read: a later one may have written what is seen. */
  deliveryToken: string;
  toldEdition: number;
  /** The newest that it was to be told. */
  edition: number;
  memory: unknown;
}

const key = 'study_instance_uid, model, generation, destination';

/** A delivery that is not under way: what stands in the chart is all by its hand that will. */
const settled = `delivery.told_edition is not null and delivery.status <> 'due'
  and (delivery.leased_until is null or delivery.leased_until < now())`;

/** Which reports are to be looked at in their charts, shared by replicas, by the database's clock alone. */
export class ChartLooks {
  constructor(private readonly dataSource: DataSource) {}

  /** Undefined while somebody else asks this destination, or it was asked not long ago. */
  async begin(destination: string, everyMs: number, leaseMs: number): Promise<Round | undefined> {
    await this.dataSource.query('insert into feedback (destination) values ($1) on conflict do nothing', [destination]);
    const [[row]] = await this.dataSource.query<[{ token: string; since: Date | null }[], number]>(
      `update feedback set token = token + 1, polled_at = now(), leased_until = now() + $3 * interval '1 millisecond'
       where destination = $1 and (leased_until is null or leased_until < now())
         and (polled_at is null or polled_at <= now() - $2 * interval '1 millisecond')
       returning token, since`,
      [destination, everyMs, leaseMs],
    );
    return row === undefined ? undefined : { destination, token: row.token, since: row.since ?? undefined };
  }

  async end({ destination, token }: Round): Promise<void> {
    await this.dataSource.query('update feedback set leased_until = null where destination = $1 and token = $2', [
      destination,
      token,
    ]);
  }

  /** One report that the destination has, to try its searches on: the last told, since the others may be gone there by now. */
  async anyTold(destination: string): Promise<ReportKey | undefined> {
    const [row] = await this.dataSource.query<KeyRow[]>(
      `select delivery.study_instance_uid, delivery.model, delivery.generation from delivery
       join report using (study_instance_uid, model, generation)
       where delivery.destination = $1 and ${settled} and report.state <> 'withdrawn'
       order by delivery.changed_at desc limit 1`,
      [destination],
    );
    return row && keyOf(row);
  }

  /** What changed is to be looked at, unless it is by our hand or was seen before; from now on it is asked what changes after `since`. */
  async notice({ destination, token }: Round, hits: readonly Hit[], since: Date): Promise<void> {
    await inTransaction(this.dataSource, async (tx) => {
      const [, held] = await tx.query<[unknown, number]>(
        'update feedback set since = $3 where destination = $1 and token = $2',
        [destination, token, since],
      );
      if (held === 0) return;
      await tx.query(
        `insert into chart_look (${key}, due)
         select distinct delivery.study_instance_uid, delivery.model, delivery.generation, delivery.destination, true
         from unnest($2::jsonb[]) as found (hit)
         join delivery on delivery.destination = $1 and delivery.study_instance_uid = hit ->> 'studyInstanceUid'
           and delivery.model = hit ->> 'model' and delivery.generation = (hit ->> 'generation')::int
         left join chart_look as last on last.destination = $1 and last.study_instance_uid = delivery.study_instance_uid
           and last.model = delivery.model and last.generation = delivery.generation
         where (delivery.told -> 'written' ->> (hit ->> 'reference')) is distinct from hit ->> 'version'
           and (last.seen ->> (hit ->> 'reference')) is distinct from hit ->> 'version'
         on conflict (${key}) do update set due = true`,
        [destination, hits.map(({ report, reference, version }) => JSON.stringify({ ...report, reference, version }))],
      );
    });
  }

  /** Of the reports told in the last `days`, those that were not looked at for the longest time. */
  async noticeOldest({ destination }: Round, days: number, limit: number): Promise<void> {
    await this.dataSource.query(
      `insert into chart_look (${key}, due)
       select delivery.study_instance_uid, delivery.model, delivery.generation, delivery.destination, true
       from delivery join report using (study_instance_uid, model, generation)
       left join chart_look as last on last.destination = $1 and last.study_instance_uid = delivery.study_instance_uid
         and last.model = delivery.model and last.generation = delivery.generation
       where delivery.destination = $1 and ${settled} and report.state <> 'withdrawn'
         and delivery.changed_at > now() - $2 * interval '1 day' and last.due is distinct from true
       order by last.looked_at nulls first limit $3
       on conflict (${key}) do update set due = true`,
      [destination, days, limit],
    );
  }

  /** Those that are to be looked at and may be: a report that is being brought there now is looked at afterwards. */
  async due(destination: string, limit: number): Promise<Look[]> {
    const rows = await this.dataSource.query<LookRow[]>(
      `select study_instance_uid, model, generation, delivery.token, told_edition, edition, told
       from chart_look join delivery using (${key})
       where destination = $1 and due and ${settled}
       order by looked_at nulls first limit $2`,
      [destination, limit],
    );
    return rows.map((row) => ({
      ...keyOf(row),
      destination,
      deliveryToken: row.token,
      toldEdition: row.told_edition,
      edition: row.edition,
      memory: row.told,
    }));
  }

  /** It is looked at again once all others were. */
  async postpone({ studyInstanceUid, model, generation, destination }: Look): Promise<void> {
    await this.dataSource.query(
      `update chart_look set looked_at = now()
       where study_instance_uid = $1 and model = $2 and generation = $3 and destination = $4`,
      [studyInstanceUid, model, generation, destination],
    );
  }

  /** False where the report was brought there again meanwhile, or somebody else asks by now: what was seen does not count. */
  async looked(tx: Tx, { token }: Round, look: Look, seen: Readonly<Record<string, string>>): Promise<boolean> {
    const [, affected] = await tx.query<[unknown, number]>(
      `update chart_look set due = false, looked_at = now(), seen = $7
       from delivery, feedback
       where chart_look.study_instance_uid = $1 and chart_look.model = $2 and chart_look.generation = $3
         and chart_look.destination = $4
         and delivery.study_instance_uid = $1 and delivery.model = $2 and delivery.generation = $3
         and delivery.destination = $4 and delivery.token = $5 and ${settled}
         and feedback.destination = $4 and feedback.token = $6`,
      [
        look.studyInstanceUid,
        look.model,
        look.generation,
        look.destination,
        look.deliveryToken,
        token,
        JSON.stringify(seen),
      ],
    );
    return affected > 0;
  }
}

interface KeyRow {
  study_instance_uid: string;
  model: string;
  generation: number;
}

interface LookRow extends KeyRow {
  token: string;
  told_edition: number;
  edition: number;
  told: unknown;
}

function keyOf({ study_instance_uid, model, generation }: KeyRow): ReportKey {
  return { studyInstanceUid: study_instance_uid, model, generation };
}
