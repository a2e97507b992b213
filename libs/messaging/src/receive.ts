import { type RetryPolicy, topicDefinition, type TopicName } from '@sightline/contracts';
import { counter, describeError, type Logger } from '@sightline/platform';
import { fromRecord, type IncomingEvent, type RawRecord } from './cloud-event.ts';
import type { Handled } from './consumes.ts';
import { type Delivery, failed, type Failed } from './delivery.ts';
import type { Inbox } from './ports.ts';

const received = counter('sightline_messaging_deliveries_total', 'Deliveries by topic and how they ended', [
  'topic',
  'ending',
]);

type Ending = 'recorded' | 'duplicate' | 'retry' | 'dead';

/** Looks up the handler of a topic; undefined where the app has none. */
export type HandlerLookup<Tx> = (
  topic: TopicName,
) => ((delivery: Delivery<TopicName, Tx>) => Promise<Handled>) | undefined;

/**
 * Brings one record to its end: recorded, known already, due again, or dead. Rejects only when the app's own store cannot be
 * reached, and then nothing was decided.
 */
export class Receiver<Tx> {
  constructor(
    private readonly inbox: Inbox<Tx>,
    private readonly handlerOf: HandlerLookup<Tx>,
    private readonly log: Logger,
    private readonly random: () => number = Math.random,
  ) {}

  async receive(record: RawRecord, attempt = 1): Promise<Ending> {
    const ending = await this.decide(record, attempt);
    if (attempt > 1 && ending !== 'retry') await this.inbox.settle(record);
    received.inc({ topic: record.topic, ending });
    return ending;
  }

  private async decide(record: RawRecord, attempt: number): Promise<Ending> {
    const understood = fromRecord(record);
    if (understood.kind === 'failed') return this.giveUp(record, understood);
    const { event } = understood;
    if (await this.inbox.isDone(event.topic, event.id)) return 'duplicate';
    const handler = this.handlerOf(event.topic);
    if (handler === undefined) return this.giveUp(record, failed('defect', `no handler for ${event.topic}`));
    const { retry } = topicDefinition(event.topic);
    const handled = await handler(this.delivery(event, attempt, attempt >= retry.attempts));
    switch (handled.kind) {
      case 'recorded':
        return 'recorded';
      case 'failed':
        return this.fail(record, event, attempt, handled, retry);
      case 'threw': {
        const failure = this.inbox.classify(handled.error);
        this.log.error('handler-threw', {
          topic: event.topic,
          messageId: event.id,
          failureKind: failure.kind,
          error: describeError(handled.error),
        });
        return this.fail(record, event, attempt, { kind: 'failed', failure }, retry);
      }
    }
  }

  private delivery(event: IncomingEvent, attempt: number, lastAttempt: boolean): Delivery<TopicName, Tx> {
    return { ...event, attempt, lastAttempt, record: (work) => this.inbox.record(event.topic, event.id, work) };
  }

  private async fail(
    record: RawRecord,
    event: IncomingEvent,
    attempt: number,
    outcome: Failed,
    policy: RetryPolicy,
  ): Promise<Ending> {
    if (outcome.failure.kind !== 'unavailable' || attempt >= policy.attempts) return this.giveUp(record, outcome);
    const delayMs = backOff(policy, attempt, this.random());
    await this.inbox.retryLater(record, attempt + 1, outcome.failure, delayMs);
    this.log.warn('delivery-will-be-retried', {
      topic: event.topic,
      messageId: event.id,
      attempt,
      delayMs,
      failure: outcome.failure.message,
    });
    return 'retry';
  }

  private async giveUp(record: RawRecord, { failure }: Failed): Promise<Ending> {
    await this.inbox.giveUp(record, failure);
    this.log.error('delivery-given-up', {
      topic: record.topic,
      partition: record.partition,
      offset: record.offset,
      messageId: record.headers['ce_id'],
      failureKind: failure.kind,
      failure: failure.message,
    });
    return 'dead';
  }
}

/** Exponential with half jitter, so that a crowd that failed together does not return together. `random` in [0, 1). */
export function backOff(policy: RetryPolicy, attempt: number, random: number): number {
  const ceiling = Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
