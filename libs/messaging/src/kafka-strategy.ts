import { type App, isTopicName, type TopicName } from '@sightline/contracts';
import { describeError, type Logger, type Readiness } from '@sightline/platform';
import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import type { Consumer, EachMessagePayload, IHeaders, Kafka } from 'kafkajs';
import { lastValueFrom } from 'rxjs';
import type { RawRecord } from './cloud-event.ts';
import type { Handled } from './consumes.ts';
import type { Delivery } from './delivery.ts';
import { ensureTopics, pause, untilDone } from './kafka.ts';
import type { Inbox } from './ports.ts';
import { Receiver } from './receive.ts';

/** A member that died is missed after this long; its partitions go to the others. */
const sessionTimeoutMs = 10_000;
const heartbeatMs = 2_000;
const leaveMs = 10_000;
const retryPollMs = 500;
/** Longer than any handler takes: a record being tried again is not shown to another replica meanwhile. */
const retryHiddenMs = 120_000;

/**
 * Carries records to the controllers' handlers and commits an offset only once a record has come to its end in the inbox.
 * Nest's own Kafka server would commit after a throw it swallowed.
 */
export class KafkaStrategy<Tx> extends Server implements CustomTransportStrategy {
  private readonly stopping = new AbortController();
  private readonly receiver: Receiver<Tx>;
  private consumer: Consumer | undefined;
  private loops: Promise<unknown>[] = [];
  private lastHeard = 0;

  constructor(
    private readonly app: App,
    private readonly kafka: Kafka,
    private readonly inbox: Inbox<Tx>,
    private readonly log: Logger,
    readiness: Readiness,
  ) {
    super();
    this.receiver = new Receiver(inbox, (topic) => this.handlerOf(topic), log);
    readiness.add('broker', async () => {
      if (this.messageHandlers.size > 0 && Date.now() - this.lastHeard > 3 * sessionTimeoutMs)
        throw new Error('no word from the broker');
    });
  }

  override listen(callback: () => void): void {
    this.loops = [this.consume(), this.deliverRetries()];
    callback();
  }

  override async close(): Promise<void> {
    this.stopping.abort();
    if (this.consumer !== undefined) await leave(this.consumer);
    await Promise.allSettled(this.loops);
  }

  override on(): never {
    throw new Error('KafkaStrategy has no events of its own');
  }

  override unwrap<T>(): T {
    return this.kafka as T;
  }

  private async consume(): Promise<void> {
    const names = [...this.messageHandlers.keys()].filter(isTopicName);
    if (names.length === 0) return;
    const { signal } = this.stopping;
    while (await untilDone(() => this.join(names), signal, this.log, 'broker-not-reached')) {
      await this.untilCrashed();
      if (signal.aborted) return;
      this.log.warn('consumer-starts-anew');
      await pause(1_000, signal);
    }
  }

  private untilCrashed: () => Promise<void> = async () => undefined;

  private async join(names: TopicName[]): Promise<void> {
    await ensureTopics(this.kafka);
    const consumer = this.kafka.consumer({
      groupId: this.app,
      sessionTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatMs,
      rebalanceTimeout: 30_000,
      maxWaitTimeInMs: 250,
      retry: { initialRetryTime: 200, maxRetryTime: 3_000, retries: 5, restartOnFailure: async () => false },
    });
    this.consumer = consumer;
    const { CRASH, GROUP_JOIN, HEARTBEAT, FETCH } = consumer.events;
    for (const event of [GROUP_JOIN, HEARTBEAT, FETCH]) consumer.on(event, () => (this.lastHeard = Date.now()));
    const crashed = new Promise<void>((resolve) => {
      consumer.on(CRASH, ({ payload }) => {
        this.log.warn('consumer-crashed', { error: describeError(payload.error) });
        resolve();
      });
      this.stopping.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.untilCrashed = async () => {
      await crashed;
      await leave(consumer);
    };
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: names, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        partitionsConsumedConcurrently: 4,
        eachMessage: (payload) => this.take(consumer, payload),
      });
    } catch (error) {
      await leave(consumer);
      throw error;
    }
  }

  /** Holds the partition only while the app's own database is away: nothing could be remembered then. */
  private async take(consumer: Consumer, payload: EachMessagePayload): Promise<void> {
    const { topic, partition, message, heartbeat } = payload;
    const record: RawRecord = {
      topic,
      partition,
      offset: message.offset,
      key: message.key ?? undefined,
      value: message.value ?? undefined,
      headers: textHeaders(message.headers),
    };
    // kafkajs sends heartbeats between messages only; an external effect may take longer than the session lasts.
    const beat = setInterval(() => void heartbeat().catch(() => undefined), heartbeatMs);
    try {
      await this.bringToItsEnd(record);
    } finally {
      clearInterval(beat);
    }
    await consumer.commitOffsets([{ topic, partition, offset: (BigInt(message.offset) + 1n).toString() }]);
  }

  private async bringToItsEnd(record: RawRecord): Promise<void> {
    for (;;) {
      try {
        await this.receiver.receive(record);
        return;
      } catch (error) {
        this.log.warn('own-store-unreachable', { topic: record.topic, error: describeError(error) });
        await pause(1_000, this.stopping.signal);
        if (this.stopping.signal.aborted) throw error;
      }
    }
  }

  private async deliverRetries(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        const due = await this.inbox.takeDue(10, retryHiddenMs);
        for (const { record, attempt } of due) await this.receiver.receive(record, attempt);
        if (due.length > 0) continue;
      } catch (error) {
        this.log.warn('own-store-unreachable', { error: describeError(error) });
      }
      await pause(retryPollMs, signal);
    }
  }

  private handlerOf(topic: TopicName): ((delivery: Delivery<TopicName, Tx>) => Promise<Handled>) | undefined {
    const handler = this.messageHandlers.get(topic);
    if (handler === undefined) return undefined;
    return async (delivery) => {
      const returned: unknown = await handler(delivery);
      return lastValueFrom(this.transformToObservable<Handled>(returned as Handled));
    };
  }
}

/** Leaves the group where the broker still listens; a disconnect that never ends does not hold up the next start. */
async function leave(consumer: Consumer): Promise<void> {
  const waiting = new AbortController();
  await Promise.race([consumer.disconnect().catch(() => undefined), pause(leaveMs, waiting.signal)]);
  waiting.abort();
}

function textHeaders(headers: IHeaders | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).flatMap(([name, value]) => {
      const first = Array.isArray(value) ? value[0] : value;
      return first === undefined ? [] : [[name, first.toString()]];
    }),
  );
}
