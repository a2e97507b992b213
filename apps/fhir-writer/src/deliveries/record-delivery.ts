import type { Failure, ModelReference, ReportFiled } from '@sightline/contracts';
import { codes, type GivenVerdict, type Verdict } from '@sightline/findings';
import type { Outbox } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { counter, type Logger } from '@sightline/platform';
import { audit, type Audited } from '../audit.ts';
import type { Report } from '../reports/report-store.ts';
import type { DeliveryLease, DeliveryStore } from './delivery-store.ts';
import type { Told } from './destination.ts';

const deliveries = counter('sightline_filing_deliveries_total', 'Reports brought to destinations by how it ended', [
  'destination',
  'status',
]);

/** How a delivery ended for now. */
export type Ended =
  | { kind: 'told'; told: Told }
  | { kind: 'not-needed'; reason: string }
  | { kind: 'held'; reason: string }
  | { kind: 'quarantined'; reason: string; recheckMs: number }
  | { kind: 'refused'; failure: Failure };

type AuditEntry = Pick<Audited, 'type' | 'action' | 'outcome' | 'text'>;

/** Writes down how a delivery ended, and says so: row, audit event, and report.filed where something was brought to a chart. */
export class RecordDelivery {
  constructor(
    private readonly store: DeliveryStore,
    private readonly outbox: Outbox<Tx>,
    private readonly log: Logger,
  ) {}

  /** False where somebody else holds the delivery by now: nothing was kept. */
  async record(tx: Tx, lease: DeliveryLease, report: Report, ended: Ended): Promise<boolean> {
    const reason = reasonOf(ended);
    const current = await this.store.end(tx, lease, {
      status: ended.kind,
      ...(reason === undefined ? {} : { reason }),
      ...(ended.kind === 'told' ? { told: { memory: ended.told.memory, ...reportIn(ended.told) } } : {}),
      ...(ended.kind === 'quarantined' ? { delayMs: ended.recheckMs, keepsAttempt: true } : {}),
    });
    if (!current) return false;
    if (ended.kind === 'told') await this.announce(tx, lease, report, ended.told);
    const isNews = !(lease.status === ended.kind && lease.reason === reason);
    if (isNews) await this.note(tx, lease, report, entryOf(ended, report), ended);
    deliveries.inc({ destination: lease.destination, status: ended.kind });
    if (isNews) {
      this.log.info('report-delivered', {
        studyInstanceUid: report.studyInstanceUid,
        model: report.model,
        generation: report.generation,
        edition: lease.edition,
        destination: lease.destination,
        status: ended.kind,
        reason,
      });
    }
    return true;
  }

  private async announce(tx: Tx, { destination }: DeliveryLease, report: Report, told: Told): Promise<void> {
    if (told.patientCreated) await this.note(tx, { destination }, report, patientCreated);
    const message = told.filed && filedMessage(report, destination, told.filed);
    if (message !== undefined) await this.outbox.add(tx, 'report.filed.v1', message, report.traceparent);
  }

  private async note(
    tx: Tx,
    { destination }: Pick<DeliveryLease, 'destination'>,
    report: Report,
    entry: AuditEntry,
    ended?: Ended,
  ): Promise<void> {
    const { studyInstanceUid, generation, edition, answer } = report;
    const model = modelOf(report);
    const url = ended?.kind === 'told' ? ended.told.filed?.reportUrl : undefined;
    await audit(
      this.outbox,
      tx,
      {
        ...entry,
        what: [
          studyInstanceUid,
          report.model,
          generation,
          edition,
          destination,
          ...(entry.text === undefined ? [] : [entry.text]),
        ],
        subject: studyInstanceUid,
        entities: [
          { kind: 'study', id: studyInstanceUid, detail: `revision ${answer.study.revision}` },
          ...(model === undefined ? [] : [{ kind: 'model' as const, id: `${model.name}@${model.version}` }]),
          {
            kind: 'report',
            id: url ?? `${studyInstanceUid}/${report.model}/${generation}`,
            detail: `${destination}: ${report.state}, edition ${edition}`,
          },
        ],
      },
      report.traceparent,
    );
  }
}

const patientCreated: AuditEntry = { type: codes.local.patientCreated, action: 'C', outcome: '0' };

function reportIn({ filed }: Told): { report?: { url: string; versionId?: string } } {
  if (filed === undefined) return {};
  const versionId = filed.resources.find(({ resourceType }) => resourceType === 'DiagnosticReport')?.versionId;
  return { report: { url: filed.reportUrl, ...(versionId === undefined ? {} : { versionId }) } };
}

/** That a destination has this edition of a report; undefined where no model made it. */
export function filedMessage(
  report: Report,
  destination: string,
  filed: Pick<ReportFiled, 'reportUrl' | 'resources' | 'bundleSha256' | 'closed'>,
): ReportFiled | undefined {
  const model = modelOf(report);
  return (
    model && {
      studyInstanceUid: report.answer.study.studyInstanceUid,
      revision: report.answer.study.revision,
      model,
      state: report.state,
      ...filed,
      filedAt: new Date().toISOString(),
      destination,
      generation: report.generation,
      edition: report.edition,
      verdicts: report.review.verdicts.map(withoutReviewer),
    }
  );
}

function withoutReviewer(given: GivenVerdict): Verdict {
  const { by: _by, at: _at, ...verdict } = given;
  return verdict;
}

function modelOf({ answer }: Report): ModelReference | undefined {
  return answer.model;
}

function reasonOf(ended: Ended): string | undefined {
  switch (ended.kind) {
    case 'told':
      return undefined;
    case 'not-needed':
    case 'held':
    case 'quarantined':
      return ended.reason;
    case 'refused':
      return ended.failure.message;
  }
}

function entryOf(ended: Ended, { state }: Report): AuditEntry {
  switch (ended.kind) {
    case 'told':
      if (state === 'withdrawn') return { type: codes.local.reportWithdrawn, action: 'U', outcome: '0' };
      return { type: codes.local.reportFiled, action: ended.told.how === 'updated' ? 'U' : 'C', outcome: '0' };
    case 'not-needed':
      return { type: codes.local.reportNotFiled, action: 'E', outcome: '0', text: ended.reason };
    case 'held':
      return { type: codes.local.reportHeld, action: 'E', outcome: '0', text: ended.reason };
    case 'quarantined':
      return { type: codes.local.patientQuarantined, action: 'E', outcome: '4', text: ended.reason };
    case 'refused':
      return { type: codes.local.reportRefused, action: 'E', outcome: '8', text: ended.failure.message };
  }
}
