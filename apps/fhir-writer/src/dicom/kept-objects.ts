import type { Uid } from '@sightline/dicom';
import type { DicomObject, FiledObject } from '@sightline/dicom-results';
import { type DataSource, inTransaction, type Tx } from '@sightline/persistence';
import type { ReportKey } from '../reports/report-store.ts';

/**
 * Where an object of ours stands with an archive. `sent`: it may have it. `stored`: it said so. `committed`: it answers for it.
 * `missing`: it said it had it, and does not answer for it. `refused`: it never had it.
 */
export type ObjectState = 'sent' | 'stored' | 'committed' | 'missing' | 'refused';

/** What an archive was asked to keep: of one report, as it stands in one edition. */
export interface Kept {
  destination: string;
  report: ReportKey;
  edition: number;
}

/** What became of a request for commitment, told by the archive on whichever way. */
export interface CommitmentResult {
  transactionUid: string;
  committed: readonly string[];
  failed: readonly { sopInstanceUid: string; reason: number }[];
}

/** Thrown where the app's own database cannot say or note what an archive has: then nothing may be sent. */
export class NotNoted extends Error {
  override readonly name = 'NotNoted';
}

/** What which archive has of which report, noted before it is sent: so that what was partly stored is known, and can be taken back. */
export class KeptObjects {
  constructor(private readonly dataSource: DataSource) {}

  /** What earlier editions stored or may have, in their order, notes of rejection aside; and the newest edition among them. */
  async before({ destination, report, edition }: Kept): Promise<{ filed: FiledObject[]; newest?: number }> {
    const rows = await this.query<{
      sop_class_uid: string;
      sop_instance_uid: Uid;
      series_instance_uid: Uid;
      edition: number;
    }>(
      `select sop_class_uid, sop_instance_uid, series_instance_uid, edition from pacs_object
       where destination = $1 and study_instance_uid = $2 and model = $3 and generation = $4 and edition < $5
         and not rejects and state <> 'refused' order by edition, position`,
      [destination, ...keyOf(report), edition],
    );
    const newest = rows.at(-1)?.edition;
    return {
      filed: rows.map((row) => ({
        sopClassUid: row.sop_class_uid,
        sopInstanceUid: row.sop_instance_uid,
        seriesInstanceUid: row.series_instance_uid,
      })),
      ...(newest === undefined ? {} : { newest }),
    };
  }

  async any(destination: string, report: ReportKey): Promise<boolean> {
    const rows = await this.query(
      `select 1 from pacs_object where destination = $1 and study_instance_uid = $2 and model = $3 and generation = $4
         and not rejects and state <> 'refused' limit 1`,
      [destination, ...keyOf(report)],
    );
    return rows.length > 0;
  }

  /**
   * Notes what is about to be sent; by instance, where each stands. Undefined where the report has moved on: nothing of this edition
   * may be sent any more, since whoever tells the next would not know of it.
   */
  async about(
    kept: Kept,
    objects: readonly DicomObject[],
    rejects: boolean,
  ): Promise<ReadonlyMap<string, ObjectState> | undefined> {
    const { destination, report, edition } = kept;
    return this.noted(() =>
      inTransaction(this.dataSource, async (tx) => {
        const current = await tx.query<object[]>(
          `select 1 from report where study_instance_uid = $1 and model = $2 and generation = $3 and edition = $4 for share`,
          [...keyOf(report), edition],
        );
        if (current.length === 0) return undefined;
        await tx.query(
          `insert into pacs_object (destination, study_instance_uid, model, generation, edition, rejects,
             sop_class_uid, sop_instance_uid, series_instance_uid, position)
           select $1, $2, $3, $4, $5, $6, * from unnest($7::text[], $8::text[], $9::text[], $10::int[])
           on conflict do nothing`,
          [
            destination,
            ...keyOf(report),
            edition,
            rejects,
            objects.map(({ sopClassUid }) => sopClassUid),
            objects.map(({ sopInstanceUid }) => sopInstanceUid),
            objects.map(({ seriesInstanceUid }) => seriesInstanceUid),
            objects.map((_, index) => index),
          ],
        );
        return standing(tx, destination, objects);
      }),
    );
  }

  async standing(destination: string, objects: readonly DicomObject[]): Promise<ReadonlyMap<string, ObjectState>> {
    return this.noted(() => standing(this.dataSource, destination, objects));
  }

  /** What the archive said of objects it was sent. One it once said it had is not forgotten for a refusal. */
  async answered(destination: string, stored: readonly string[], refused: readonly string[]): Promise<void> {
    await this.query(
      `update pacs_object set changed_at = now(), state = case when sop_instance_uid = any($2) then 'stored' else 'refused' end
       where destination = $1 and ((sop_instance_uid = any($2) and state <> 'committed')
         or (sop_instance_uid = any($3) and state in ('sent', 'refused')))`,
      [destination, stored, refused],
    );
  }

  /** When commitment was last asked for, ms ago, and what was answered: reasons of what is not committed (PS3.3 C.14.1.1). */
  async lastAsked({ destination, report, edition }: Kept): Promise<{ ago: number; answer?: number[] } | undefined> {
    const [row] = await this.query<{ ago: number; answered: boolean; failed: { reason: number }[] | null }>(
      `select (extract(epoch from now() - asked_at) * 1000)::float8 as ago, answered_at is not null as answered, failed
       from storage_commitment
       where destination = $1 and study_instance_uid = $2 and model = $3 and generation = $4 and edition = $5
         and asked_at is not null order by asked_at desc limit 1`,
      [destination, ...keyOf(report), edition],
    );
    if (row === undefined) return undefined;
    return { ago: row.ago, ...(row.answered ? { answer: (row.failed ?? []).map(({ reason }) => reason) } : {}) };
  }

  /** Noted before it is asked: the answer may come on another association, to another replica, before ours hears that it was taken. */
  async asks({ destination, report, edition }: Kept, transactionUid: string): Promise<void> {
    await this.query(
      `insert into storage_commitment (transaction_uid, destination, study_instance_uid, model, generation, edition)
       values ($1, $2, $3, $4, $5, $6)`,
      [transactionUid, destination, ...keyOf(report), edition],
    );
  }

  /** The archive has taken the request. */
  async asked(transactionUid: string): Promise<void> {
    await this.query('update storage_commitment set asked_at = now() where transaction_uid = $1', [transactionUid]);
  }

  /**
   * What one of these archives answers for, and what not; whoever waits for it is due to look at once. False where none of them was
   * asked. An answer that comes twice changes nothing the second time.
   */
  async committed(destinations: readonly string[], result: CommitmentResult): Promise<boolean> {
    const { transactionUid, committed, failed } = result;
    return this.noted(() =>
      inTransaction(this.dataSource, async (tx) => {
        const [rows] = await tx.query<
          [{ destination: string; study_instance_uid: string; model: string; generation: number }[], number]
        >(
          `update storage_commitment set answered_at = coalesce(answered_at, now()), failed = coalesce(failed, $3)
           where transaction_uid = $1 and destination = any($2) returning *`,
          [transactionUid, destinations, JSON.stringify(failed)],
        );
        const [asked] = rows;
        if (asked === undefined) return false;
        const key = [asked.destination, asked.study_instance_uid, asked.model, asked.generation];
        await tx.query(
          `update pacs_object set changed_at = now(),
             state = case when sop_instance_uid = any($5) then 'committed' else 'missing' end
           where destination = $1 and study_instance_uid = $2 and model = $3 and generation = $4
             and ((sop_instance_uid = any($5) and state in ('sent', 'stored', 'missing'))
               or (sop_instance_uid = any($6) and state = 'stored'))`,
          [...key, committed, failed.map(({ sopInstanceUid }) => sopInstanceUid)],
        );
        // What failed is stored again after the pause that was set.
        if (failed.length > 0) return true;
        await tx.query(
          `update delivery set not_before = now()
           where destination = $1 and study_instance_uid = $2 and model = $3 and generation = $4 and status = 'due'`,
          key,
        );
        return true;
      }),
    );
  }

  private query<R extends object>(statement: string, parameters: unknown[]): Promise<R[]> {
    return this.noted(() => this.dataSource.query<R[]>(statement, parameters));
  }

  private async noted<T>(work: () => Promise<T>): Promise<T> {
    return work().catch((error: unknown) => {
      throw new NotNoted('what an archive has cannot be read or noted', { cause: error });
    });
  }
}

async function standing(
  db: Pick<Tx, 'query'>,
  destination: string,
  objects: readonly DicomObject[],
): Promise<ReadonlyMap<string, ObjectState>> {
  const rows = await db.query<{ sop_instance_uid: string; state: ObjectState }[]>(
    'select sop_instance_uid, state from pacs_object where destination = $1 and sop_instance_uid = any($2)',
    [destination, objects.map(({ sopInstanceUid }) => sopInstanceUid)],
  );
  return new Map(rows.map((row) => [row.sop_instance_uid, row.state]));
}

function keyOf({ studyInstanceUid, model, generation }: ReportKey): [string, string, number] {
  return [studyInstanceUid, model, generation];
}
