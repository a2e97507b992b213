import type { Release } from '@sightline/contracts';
import { failed, type Failed } from '@sightline/messaging';
import { type DataSource, inTransaction } from '@sightline/persistence';
import type { PageOf } from '../report-page/page-of.ts';
import type { KnownModel, KnownModels } from '../reports/known-models.ts';
import { readEditions, readReport, type Report } from '../reports/report-store.ts';
import { resultSetOf, resultSetsOf } from '../reports/result-set-of.ts';
import type { MoveReport } from '../reports/move-report.ts';
import { answeredThere, type SetAside } from '../reports/set-aside.ts';
import type { DeliveryLease, DeliveryStore } from './delivery-store.ts';
import type { Destination, Errand, Telling, ToTell } from './destination.ts';
import type { Ended, RecordDelivery } from './record-delivery.ts';
import { heldBy } from './release.ts';

const tryMs = 40_000;

const firstWaitMs = 1_000;
const longestWaitMs = 300_000;

export interface DeliverParts {
  store: DeliveryStore;
  models: KnownModels;
  records: RecordDelivery;
  touched: SetAside;
  moves: MoveReport;
  dataSource: DataSource;
  releaseOf: (model: { name: string; release: Release }) => Release;
  siteTimezone: string;
  quarantineRecheckMs: number;
  pageOf: PageOf;
}

/** Brings one report to one destination as it stands now, and writes down how that ended. */
export class Deliver {
  constructor(private readonly parts: DeliverParts) {}

  /** Whether the destination was available; undefined where it was not asked. */
  async deliver(lease: DeliveryLease, destination: Destination, stopping: AbortSignal): Promise<boolean | undefined> {
    const { dataSource, store, touched } = this.parts;
    const report = await readReport(dataSource, lease, lease.edition);
    if (report === undefined) throw new Error('a delivery without its report');
    if (lease.status === 'told') return this.askWhose(report, lease, destination, stopping);
    const isSpent = lease.attempt > destination.attempts;
    const telling = isSpent ? spent : await this.tell(report, lease, destination, stopping);
    switch (telling.kind) {
      case 'failed':
        return this.failed(lease, report, telling, destination.attempts);
      case 'touched':
        await inTransaction(dataSource, (tx) => touched.setAside(tx, lease, telling.touched));
        return true;
      case 'closed':
        await inTransaction(dataSource, (tx) => store.end(tx, lease, { status: 'told', reason: answeredThere }));
        return true;
      case 'waiting':
        await this.wait(lease, report, telling, destination.attempts);
        return telling.counts ? true : undefined;
      case 'told':
      case 'held':
      case 'not-needed':
        await this.record(lease, report, telling);
        return true;
      case 'quarantined':
        await this.record(lease, report, { ...telling, recheckMs: this.parts.quarantineRecheckMs });
        return true;
    }
  }

  private async tell(
    report: Report,
    lease: DeliveryLease,
    destination: Destination,
    stopping: AbortSignal,
  ): Promise<Telling | { kind: 'held'; reason: string } | { kind: 'closed' }> {
    const { models, releaseOf, store } = this.parts;
    const reference = report.answer.model;
    const model = reference === undefined ? undefined : await models.find(reference);
    if (model === undefined) {
      return failed('unavailable', 'no manifest of this model version here');
    }
    const wasTold = lease.toldEdition !== undefined || (takesBack(report) && lease.begun !== undefined);
    const held = heldBy(releaseOf(model.manifest), report.review, wasTold);
    if (held !== undefined) return { kind: 'held', reason: held };
    if (report.state === 'withdrawn' && !wasTold) return { kind: 'not-needed', reason: 'withdrawn before it was told' };
    // Nobody can have answered what was never told.
    const mayBeClosed = report.state !== 'withdrawn' && lease.toldEdition !== undefined;
    if (mayBeClosed && (await store.isClosed(lease))) return { kind: 'closed' };
    const errand = errandOf(report, stopping);
    return guarded(destination.tell(await this.toTell(report, model, lease), errand), errand);
  }

  /** Something was said of the patient since: is the report still under the right record? */
  private async askWhose(
    report: Report,
    lease: DeliveryLease,
    destination: Destination,
    stopping: AbortSignal,
  ): Promise<boolean> {
    const { models, dataSource, store, moves } = this.parts;
    const model = report.answer.model && (await models.find(report.answer.model));
    const errand = errandOf(report, stopping);
    const whose =
      model === undefined
        ? { kind: 'same' as const }
        : await guarded(destination.askWhose(await this.toTell(report, model, lease), errand), errand);
    await store.rechecked(lease);
    if (whose.kind !== 'moved') return whose.kind === 'same';
    await inTransaction(dataSource, (tx) => moves.move(tx, lease, 'the record it stood under is not the one any more'));
    return true;
  }

  private async toTell(report: Report, model: KnownModel, lease: DeliveryLease): Promise<ToTell> {
    const { siteTimezone, pageOf, dataSource, models } = this.parts;
    const { callingAeTitle } = report.answer.study;
    const set = resultSetOf(report, model, siteTimezone);
    const before = await readEditions(dataSource, lease, lease.toldEdition ?? 1, lease.edition - 1);
    return {
      set,
      edition: report,
      page: () => pageOf(set, report.answer),
      memory: lease.memory,
      ...(takesBack(report) && lease.begun !== undefined ? { begun: lease.begun } : {}),
      begin: (memory) => this.begin(lease, memory),
      before: await resultSetsOf(before, models, siteTimezone),
      ...(callingAeTitle === undefined ? {} : { callingAeTitle }),
      ...(lease.patient === undefined ? {} : { patient: lease.patient }),
    };
  }

  private async begin(lease: DeliveryLease, memory: unknown): Promise<boolean> {
    return this.parts.store.begin(lease, memory).then(
      () => true,
      () => false,
    );
  }

  private async wait(
    lease: DeliveryLease,
    report: Report,
    { reason, lookAgainMs, counts }: Extract<Telling, { kind: 'waiting' }>,
    attempts: number,
  ): Promise<void> {
    if (counts && lease.attempt >= attempts) {
      await this.record(lease, report, { kind: 'refused', failure: failed('unavailable', reason).failure });
      return;
    }
    await inTransaction(this.parts.dataSource, (tx) =>
      this.parts.store.end(tx, lease, { status: 'due', reason, delayMs: lookAgainMs, keepsAttempt: !counts }),
    );
  }

  private async failed(
    lease: DeliveryLease,
    report: Report,
    { failure, retryAfterMs }: Extract<Telling, { kind: 'failed' }>,
    attempts: number,
  ): Promise<boolean> {
    if (failure.kind !== 'unavailable' || lease.attempt >= attempts) {
      await this.record(lease, report, { kind: 'refused', failure });
      return failure.kind !== 'unavailable';
    }
    const backOff = Math.random() * Math.min(firstWaitMs * 2 ** lease.attempt, longestWaitMs);
    const delayMs = Math.round(Math.max(backOff, retryAfterMs ?? 0));
    await inTransaction(this.parts.dataSource, (tx) =>
      this.parts.store.end(tx, lease, { status: 'due', reason: failure.message, delayMs }),
    );
    return false;
  }

  private async record(lease: DeliveryLease, report: Report, ended: Ended): Promise<void> {
    await inTransaction(this.parts.dataSource, (tx) => this.parts.records.record(tx, lease, report, ended));
  }
}

/** What is not to be said any more is taken back even where only a part of it was said. */
function takesBack({ state }: Report): boolean {
  return state === 'withdrawn' || state === 'rejected' || state === 'refused';
}

/** Every try before was begun, and not one of them was ended: whatever breaks them would break the next. */
const spent = failed('defect', 'tried too often without an end');

/**
 * What breaks us in what a destination holds would break us again: it is given up, and said, rather than tried for ever. An error's
 * own message may quote what is held there.
 */
function guarded<T>(work: Promise<T>, { signal }: Errand): Promise<T | Failed> {
  return work.catch((error: unknown) =>
    failed(
      signal.aborted ? 'unavailable' : 'defect',
      `not told: ${error instanceof Error ? error.name : 'unknown error'}`,
    ),
  );
}

/** The bounds of one try, and what is never said of it. */
function errandOf({ answer: { study } }: Report, stopping: AbortSignal): Errand {
  const { id, name, birthDate } = study.patient;
  return {
    signal: AbortSignal.any([AbortSignal.timeout(tryMs), stopping]),
    secrets: [id, name, birthDate, study.accessionNumber, study.description].filter((secret) => secret !== undefined),
  };
}
