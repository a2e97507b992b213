import { Controller, Inject } from '@nestjs/common';
import { Consumes, type Delivery, type Outcome } from '@sightline/messaging';
import { DataSource, inTransaction, type Tx } from '@sightline/persistence';
import { AcceptAnswer } from './reports/accept-answer.ts';
import { RecordAnswer } from './reports/record-answer.ts';

/** inference.completed → what a report says, or a row that says why not. */
@Controller()
export class AnswerController {
  constructor(
    @Inject(AcceptAnswer) private readonly answers: AcceptAnswer,
    @Inject(RecordAnswer) private readonly records: RecordAnswer,
    @Inject(DataSource) private readonly dataSource: DataSource,
  ) {}

  @Consumes('inference.completed.v1')
  async onAnswer(delivery: Delivery<'inference.completed.v1', Tx>): Promise<Outcome> {
    const { body, traceparent } = delivery;
    const missing = await this.answers.missing(body);
    if (missing === undefined) {
      return delivery.record(async (tx) =>
        this.records.record(tx, body, await this.answers.accept(tx, body, traceparent), traceparent),
      );
    }
    if (missing.failure.kind === 'invalid-input' || delivery.lastAttempt) {
      // No inbox row: the dead row can be replayed. But the trail says now that this answer did not arrive.
      await inTransaction(this.dataSource, (tx) =>
        this.records.record(tx, body, { kind: 'refused', failure: missing.failure }, traceparent),
      );
    }
    return missing;
  }
}
