import type { InferenceCompleted } from '@sightline/contracts';
import type { Uid } from '@sightline/dicom';
import type { DicomObject, FiledObject } from '@sightline/dicom-results';
import { type DataSource, inTransaction, type Tx } from '@sightline/persistence';
import { readReport, type ReportKey } from '../reports/report-store.ts';
import { keyOf, noted, type Kept } from './noted.ts';

/**
 * Where an object of ours stands with an archive. `sent`: it may have it. `stored`: it said so. `committed`: it answers for it.
 * `missing`: it said it had it, and does not answer for it. `refused`: it never had it.
 */
export type ObjectState = 'sent' | 'stored' | 'committed' | 'missing' | 'refused';

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

  /** What a report said in an earlier edition. */
  async answerOf(report: ReportKey, edition: number): Promise<InferenceCompleted | undefined> {
    const said = await noted(() => readReport(this.dataSource, report, edition));
    return said?.answer;
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
    return noted(() =>
      inTransaction(this.dataSource, async (tx) => {
        // Whoever adds an edition waits, and then finds what is noted here; which edition is to be told, the delivery says.
        await tx.query(
          'select 1 from report where study_instance_uid = $1 and model = $2 and generation = $3 for share',
          [...keyOf(report)],
        );
        const newer = await tx.query<object[]>(
          `select 1 from delivery where study_instance_uid = $1 and model = $2 and generation = $3 and destination = $4
             and edition > $5`,
          [...keyOf(report), destination, edition],
        );
        if (newer.length > 0) return undefined;
        await tx.query(
          `insert into pacs_object (destination, study_instance_uid, model, generation, edition, rejects,
             sop_class_uid, sop_instance_uid, series_instance_uid, position)
           select $1, $2, $3, $4, $5, $6, * from unnest($7::text[], $8::text[], $9::text[], $10::int[])
           on conflict (destination, sop_instance_uid) do update set state = 'sent', changed_at = now()
           where pacs_object.state = 'refused'`,
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
    return noted(() => standing(this.dataSource, destination, objects));
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

  private query<R extends object>(statement: string, parameters: unknown[]): Promise<R[]> {
    return noted(() => this.dataSource.query<R[]>(statement, parameters));
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
