import { codes, isUntouched, mayBecome, type ReportState, type Review } from '@sightline/findings';
import type { Outbox } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import type { DeliveryLease, DeliveryStore } from '../deliveries/delivery-store.ts';
import { audit } from '../audit.ts';
import { compareAnswers, rankOf } from './answer-order.ts';
import type { WithdrawReports } from './recall.ts';
import { addEdition, lockReports, readReport, type Report } from './report-store.ts';

/** What a person at the destination made of our report, by the status it has there now. */
function stateOf(status: string): ReportState {
  switch (status) {
    case 'cancelled':
      return 'rejected';
    case 'entered-in-error':
      return 'withdrawn';
    default:
      return 'signed';
  }
}

/**
 * Somebody at a destination has acted on a report there: what stands there stays as it is, and what was to be told instead becomes
 * a report of its own.
 */
export class SetAside {
  constructor(
    private readonly store: DeliveryStore,
    private readonly outbox: Outbox<Tx>,
    private readonly withdrawals: WithdrawReports,
    private readonly destinations: readonly string[],
  ) {}

  async setAside(tx: Tx, lease: DeliveryLease, report: Report, status: string): Promise<void> {
    await lockReports(tx, report.studyInstanceUid, report.model);
    const current = await readReport(tx, lease);
    if (current?.edition !== lease.edition) {
      await this.store.end(tx, lease, { status: 'due' });
      return;
    }
    const inChart = (await readReport(tx, lease, lease.toldEdition)) ?? current;
    if (!(await this.store.end(tx, lease, { status: 'told', told: { memory: lease.memory ?? {} } }))) return;
    const others = this.destinations.filter((name) => name !== lease.destination);
    const state = stateOf(status);
    if (isUntouched(current.state) && mayBecome(inChart.state, state)) {
      const at = new Date().toISOString();
      const review: Review = {
        verdicts: inChart.review.verdicts,
        signature: {
          by: { subject: lease.destination, role: 'radiologist', name: `a reader in ${lease.destination}` },
          at,
        },
      };
      await addEdition(tx, { ...current, answer: inChart.answer, review, state, edition: current.edition + 1 }, others);
      // A person may have acted on what stands on images that were rejected since.
      await this.withdrawals.withdrawRejected(tx, lease);
    }
    if (compareAnswers(rankOf(inChart.answer), rankOf(current.answer)) < 0) {
      await addEdition(
        tx,
        { ...current, generation: current.generation + 1, edition: 1, review: { verdicts: [] } },
        this.destinations,
      );
    }
    await this.note(tx, lease, report, state);
  }

  private async note(
    tx: Tx,
    { destination, edition }: DeliveryLease,
    report: Report,
    state: ReportState,
  ): Promise<void> {
    const { studyInstanceUid, model, generation } = report;
    await audit(
      this.outbox,
      tx,
      {
        type: codes.local.reportAnsweredThere,
        what: [studyInstanceUid, model, generation, edition, destination],
        subject: studyInstanceUid,
        action: 'U',
        agent: { kind: 'peer', name: destination },
        entities: [
          { kind: 'report', id: `${studyInstanceUid}/${model}/${generation}`, detail: `${state}, left as it is` },
        ],
      },
      report.traceparent,
    );
  }
}
