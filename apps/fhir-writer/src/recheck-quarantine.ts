import { setTimeout as pause } from 'node:timers/promises';
import { inferenceCompletedSchema } from '@sightline/contracts';
import { type DataSource, inTransaction } from '@sightline/persistence';
import { describeError, type Logger } from '@sightline/platform';

import type { DecideFiling } from './decide-filing.ts';
import { errandOf } from './errand-of.ts';
import type { FilingStore, WaitingAnswer } from './filing-store.ts';
import type { RecordDecision } from './record-decision.ts';

const atOnce = 20;

/** Looks up again, at intervals, whether the patients of quarantined answers can be told by now: somebody mends a record, and the report follows. */
export class RecheckQuarantine {
  private readonly stopping = new AbortController();
  private loop: Promise<void> | undefined;

  constructor(
    private readonly parts: {
      store: FilingStore;
      filing: DecideFiling;
      decisions: RecordDecision;
      dataSource: DataSource;
      log: Logger;
      everyMs: number;
    },
  ) {}

  onApplicationBootstrap(): void {
    this.loop = this.run();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  /** One round; resolves to how many left the quarantine. */
  async round(): Promise<number> {
    const { store, everyMs } = this.parts;
    let released = 0;
    for (const waiting of await store.takeQuarantined(atOnce, everyMs)) {
      try {
        if (await this.recheck(waiting)) released++;
      } catch (error) {
        // One that cannot be read must not keep the others waiting.
        this.parts.log.warn('quarantine-not-rechecked', { answerId: waiting.id, error: describeError(error) });
      }
    }
    return released;
  }

  private async recheck({ reason, answer, traceparent }: WaitingAnswer): Promise<boolean> {
    const { filing, decisions, dataSource } = this.parts;
    const body = inferenceCompletedSchema.parse(answer);
    const decision = await filing.decide(body, errandOf(body, 2));
    if (decision.kind === 'failed' || (decision.kind === 'quarantined' && decision.reason === reason)) return false;
    await inTransaction(dataSource, (tx) => decisions.record(tx, body, decision, traceparent));
    return decision.kind !== 'quarantined';
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await pause(this.parts.everyMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      await this.round().catch((error: unknown) =>
        this.parts.log.warn('quarantine-not-rechecked', { error: describeError(error) }),
      );
    }
  }
}
