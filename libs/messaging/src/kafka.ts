import { topics } from '@sightline/contracts';
import { describeError, type Logger } from '@sightline/platform';
import { Kafka, logLevel } from 'kafkajs';

/** A client whose words go to our log: event and error only, since its own entries quote requests. */
export function connectKafka(brokers: readonly string[], clientId: string, log: Logger): Kafka {
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 200, maxRetryTime: 3_000, retries: 5 },
    logLevel: logLevel.WARN,
    logCreator:
      () =>
      ({ namespace, log: entry }) => {
        log.debug('kafka', { namespace, message: entry.message });
      },
  });
}

/** Creates the topics of the catalog that the broker lacks; safe from many replicas at once. */
export async function ensureTopics(kafka: Kafka): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = Object.entries(topics).filter(([name]) => !existing.has(name));
    if (missing.length === 0) return;
    await admin.createTopics({
      waitForLeaders: true,
      topics: missing.map(([name, { partitions, retention }]) => ({
        topic: name,
        numPartitions: partitions,
        replicationFactor: -1,
        configEntries: [
          // A study of thousands of instances is one message.
          { name: 'max.message.bytes', value: String(16 * 1024 * 1024) },
          ...(retention.kind === 'compact'
            ? [{ name: 'cleanup.policy', value: 'compact' }]
            : [{ name: 'retention.ms', value: String(retention.days * 86_400_000) }]),
        ],
      })),
    });
  } finally {
    await admin.disconnect();
  }
}

/** Repeats `work` until it succeeds or `signal` says stop; waits grow to 5 s. Resolves false when stopped. */
export async function untilDone(
  work: () => Promise<void>,
  signal: AbortSignal,
  log: Logger,
  event: string,
): Promise<boolean> {
  for (let waitMs = 250; !signal.aborted; waitMs = Math.min(5_000, waitMs * 2)) {
    try {
      await work();
      return true;
    } catch (error) {
      log.warn(event, { error: describeError(error), waitMs });
      await pause(waitMs, signal);
    }
  }
  return false;
}

/** Sleeps, but not beyond the abort of `signal`. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
