import { type DataSource, inTransaction } from '@sightline/persistence';
import { keyOf, noted, type Kept } from './noted.ts';

/** What became of a request for commitment, told by the archive on whichever way. */
export interface CommitmentResult {
  transactionUid: string;
  committed: readonly string[];
  failed: readonly { sopInstanceUid: string; reason: number }[];
}

/** What archives were asked to answer for, and what they said. */
export class AskedCommitments {
  constructor(private readonly dataSource: DataSource) {}

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
    return noted(() =>
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
    return noted(() => this.dataSource.query<R[]>(statement, parameters));
  }
}
