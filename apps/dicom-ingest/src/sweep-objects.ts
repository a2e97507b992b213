import type { ObjectStore } from '@sightline/object-store';
import type { DataSource } from '@sightline/persistence';
import { counter, type Logger } from '@sightline/platform';

const swept = counter('sightline_ingest_objects_swept_total', 'Objects without a row that were removed');

/** Objects looked up in one statement. */
const batch = 500;

/** Removes objects that never got a row: their sender was never told that they were stored. */
export class SweepObjects {
  constructor(
    private readonly store: ObjectStore,
    private readonly dataSource: DataSource,
    private readonly log: Logger,
    private readonly olderThanMs = 3_600_000,
  ) {}

  async sweep(now = Date.now()): Promise<number> {
    let removed = 0;
    let candidates: string[] = [];
    for await (const { key, modifiedAt } of this.store.list('instances')) {
      if (now - modifiedAt.getTime() < this.olderThanMs) continue;
      candidates.push(key);
      if (candidates.length < batch) continue;
      removed += await this.removeRowless(candidates);
      candidates = [];
    }
    removed += await this.removeRowless(candidates);
    if (removed > 0) this.log.info('objects-swept', { removed });
    return removed;
  }

  private async removeRowless(keys: readonly string[]): Promise<number> {
    if (keys.length === 0) return 0;
    const rows = await this.dataSource.query<{ object_key: string }[]>(
      'select object_key from instance where object_key = any($1)',
      [keys],
    );
    const kept = new Set(rows.map(({ object_key }) => object_key));
    const rowless = keys.filter((key) => !kept.has(key));
    for (const key of rowless) await this.store.delete(key);
    swept.inc(rowless.length);
    return rowless.length;
  }
}
