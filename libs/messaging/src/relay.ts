import { describeError, gauge, type Logger } from '@sightline/platform';
import { CompressionTypes, type Kafka, type Producer } from 'kafkajs';
import { ensureTopics, pause, untilDone } from './kafka.ts';
import type { OutboxSession, OutboxStore } from './ports.ts';

const pollMs = 100;
const batch = 200;
const waiting = gauge('sightline_messaging_relay_batch_rows', 'Rows the relay took in its last batch');

/**
 * Publishes what the outbox holds, oldest first, and marks it once every in-sync replica has it. One relay per database works
 * at a time; the others stand by.
 */
export class Relay {
  private readonly stopping = new AbortController();
  private loop: Promise<void> | undefined;

  constructor(
    private readonly store: OutboxStore,
    private readonly kafka: Kafka,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.store.lead((session) => this.publish(session));
      } catch (error) {
        this.log.warn('relay-interrupted', { error: describeError(error) });
      }
      await pause(1_000, signal);
    }
  }

  private async publish(session: OutboxSession): Promise<void> {
    const { signal } = this.stopping;
    const producer = this.kafka.producer({ allowAutoTopicCreation: false });
    const connect = async () => {
      await ensureTopics(this.kafka);
      await producer.connect();
    };
    if (!(await untilDone(connect, signal, this.log, 'broker-not-reached'))) return;
    try {
      while (!signal.aborted) {
        const rows = await session.unpublished(batch);
        waiting.set(rows.length);
        if (rows.length === 0) {
          await pause(pollMs, signal);
          continue;
        }
        await send(producer, rows);
        await session.markPublished(rows.map(({ row }) => row));
      }
    } finally {
      await producer.disconnect().catch(() => undefined);
    }
  }
}

async function send(producer: Producer, rows: Awaited<ReturnType<OutboxSession['unpublished']>>): Promise<void> {
  const byTopic = Map.groupBy(rows, ({ event }) => event.topic);
  await producer.sendBatch({
    acks: -1,
    timeout: 10_000,
    compression: CompressionTypes.GZIP,
    topicMessages: [...byTopic].map(([topic, group]) => ({
      topic,
      messages: group.map(({ event }) => ({ key: event.key, value: event.value, headers: { ...event.headers } })),
    })),
  });
}
