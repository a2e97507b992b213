import { Controller, Inject } from '@nestjs/common';
import { Consumes, type Delivery, type Outcome } from '@sightline/messaging';
import { DataSource, inTransaction, type Tx } from '@sightline/persistence';

import { DecideFiling } from './decide-filing.ts';
import { errandOf } from './errand-of.ts';
import { RecordDecision } from './record-decision.ts';

/** inference.completed → the chart, or a row that says why not. */
@Controller()
export class AnswerController {
  constructor(
    @Inject(DecideFiling) private readonly filing: DecideFiling,
    @Inject(RecordDecision) private readonly decisions: RecordDecision,
    @Inject(DataSource) private readonly dataSource: DataSource,
  ) {}

  @Consumes('inference.completed.v1')
  async onAnswer(delivery: Delivery<'inference.completed.v1', Tx>): Promise<Outcome> {
    const { body, traceparent } = delivery;
    const decision = await this.filing.decide(body, errandOf(body, delivery.attempt));
    if (decision.kind !== 'failed') {
      return delivery.record((tx) => this.decisions.record(tx, body, decision, traceparent));
    }
    const { failure } = decision;
    if (failure.kind === 'invalid-input' || delivery.lastAttempt) {
      // No inbox row: the dead row can be replayed. But the trail says now that this answer did not arrive.
      await inTransaction(this.dataSource, (tx) =>
        this.decisions.record(tx, body, { kind: 'refused', failure }, traceparent),
      );
    }
    return decision;
  }
}
