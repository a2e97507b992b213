import type { InstancesRejected } from '@sightline/contracts';
import type { Tx } from '@sightline/persistence';
import { counter } from '@sightline/platform';
import type { WithdrawReports } from './recall.ts';
import { keepRejection } from './rejected-images.ts';
import { lockReports } from './report-store.ts';

const fallen = counter(
  'sightline_filing_reports_fallen_total',
  'Reports withdrawn because an image that they were made of was rejected',
);

/** Images shall not be used any more: every report that is made of one of them is withdrawn wherever it was told. */
export class AcceptRejection {
  constructor(private readonly withdrawals: WithdrawReports) {}

  /** How many reports fell. */
  async accept(tx: Tx, rejection: InstancesRejected): Promise<number> {
    const { studyInstanceUid } = rejection;
    await keepRejection(tx, rejection);
    const models = await tx.query<{ model: string }[]>(
      'select distinct model from report where study_instance_uid = $1 order by model',
      [studyInstanceUid],
    );
    let count = 0;
    for (const { model } of models) count += await this.withdrawOf(tx, studyInstanceUid, model);
    fallen.inc(count);
    return count;
  }

  private async withdrawOf(tx: Tx, studyInstanceUid: string, model: string): Promise<number> {
    await lockReports(tx, studyInstanceUid, model);
    const reports = await tx.query<{ generation: number }[]>(
      'select generation from report where study_instance_uid = $1 and model = $2 order by generation',
      [studyInstanceUid, model],
    );
    let count = 0;
    for (const { generation } of reports) {
      if (await this.withdrawals.withdrawRejected(tx, { studyInstanceUid, model, generation })) count++;
    }
    return count;
  }
}
