import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { App, MessageOf, TopicName } from '@sightline/contracts';
import { connectKafka, ensureTopics, toEvent } from '@sightline/messaging';
import { type ObjectStore, openObjectStore } from '@sightline/object-store';
import { createLogger } from '@sightline/platform';
import { Child } from '../../tools/sandbox/parts/child.ts';
import {
  freePort,
  type IdentityProvider,
  type Kafka,
  type Postgres,
  startIdentityProvider,
  startKafka,
  startPostgres,
  type TemporaryDirectory,
  temporaryDirectory,
} from '../support/index.ts';

const repository = join(import.meta.dirname, '../..');

type Broker = ReturnType<typeof connectKafka>;

/** An app under test on real parts: Kafka, PostgreSQL, the OpenID provider, an object store of its own. */
export interface Rig {
  url: string;
  databaseUrl: string;
  adminDatabaseUrl: string;
  logFile: string;
  identityProvider: IdentityProvider;
  postgres: Postgres;
  objects: ObjectStore;
  /** Publishes through the topic's own rules, as the app that says it in production. */
  say<T extends TopicName>(app: App, topic: T, body: MessageOf<T>): Promise<void>;
  /** What the app has said on this topic so far, once per event. */
  heard<T extends TopicName>(topic: T): Promise<MessageOf<T>[]>;
  stop(): Promise<void>;
}

/** `environment` is set over what the app is usually told. */
export async function startRig(
  app: 'reading-room' | 'audit-monitor',
  environment: Readonly<Record<string, string>> = {},
): Promise<Rig> {
  const directory = await temporaryDirectory(app);
  const started: { stop(): Promise<void> }[] = [];
  try {
    return await startParts(app, environment, directory, started);
  } catch (error) {
    await stopAll(started, directory);
    throw error;
  }
}

async function startParts(
  app: 'reading-room' | 'audit-monitor',
  environment: Readonly<Record<string, string>>,
  directory: TemporaryDirectory,
  started: { stop(): Promise<void> }[],
): Promise<Rig> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const keep = async <P extends { stop(): Promise<void> }>(part: Promise<P>): Promise<P> => {
    const running = await part;
    started.push(running);
    return running;
  };
  const [kafka, postgres, identityProvider] = await Promise.all([
    keep<Kafka>(startKafka({ directory: join(directory.path, 'kafka') })),
    keep<Postgres>(startPostgres({ directory: join(directory.path, 'postgres') })),
    keep<IdentityProvider>(startIdentityProvider({ directory: join(directory.path, 'identity'), readingRoomUrl: url })),
  ]);
  const databaseUrl = await postgres.createDatabase(app);
  const objectsPath = join(directory.path, 'objects');
  await mkdir(objectsPath);
  const sessionKeyFile = join(directory.path, 'session.key');
  await writeFile(sessionKeyFile, randomBytes(32));

  const broker = connectKafka(kafka.brokers, 'test', createLogger('test', 'error', { write: () => undefined }));
  await ensureTopics(broker);
  const producer = broker.producer();
  await producer.connect();
  started.push({ stop: () => producer.disconnect() });

  const child = await keep(
    Child.start({
      name: app,
      command: process.execPath,
      args: ['--import', 'tsx', join(repository, 'apps', app, 'src/main.ts')],
      environment: {
        NODE_OPTIONS: '',
        NODE_NO_WARNINGS: '1',
        HTTP_PORT: String(port),
        DATABASE_URL: databaseUrl,
        KAFKA_BROKERS: kafka.brokers.join(','),
        OBJECT_STORE_URL: `file://${objectsPath}`,
        OIDC_ISSUER: identityProvider.issuer,
        OIDC_AUDIENCE: identityProvider.audience,
        PUBLIC_URL: url,
        OIDC_CLIENT_ID: identityProvider.readingRoom.clientId,
        OIDC_CLIENT_SECRET_FILE: identityProvider.readingRoom.clientSecretFile,
        SESSION_KEY_FILE: sessionKeyFile,
        FHIR_BASE_URL: 'http://127.0.0.1:8090/fhir',
        MODELS_DIR: join(repository, 'models'),
        ...environment,
      },
      workingDirectory: repository,
      logFile: join(directory.path, `${app}.log`),
      directory: directory.path,
      ports: [port],
      deadlineMs: 180_000,
      isReady: async () => (await fetch(`${url}/health/ready`)).ok,
    }),
  );
  return {
    url,
    databaseUrl,
    adminDatabaseUrl: postgres.adminUrlFor(app),
    logFile: child.logFile,
    identityProvider,
    postgres,
    objects: openObjectStore(`file://${objectsPath}`),
    say: async (from, topic, body) => {
      const { key, headers, value } = toEvent(from, topic, body);
      await producer.send({ topic, messages: [{ key, value, headers: { ...headers } }] });
    },
    heard: (topic) => readTopic(broker, topic),
    stop: () => stopAll(started, directory),
  };
}

/** Reads a topic from its beginning to where it ends now. */
async function readTopic<T extends TopicName>(broker: Broker, topic: T): Promise<MessageOf<T>[]> {
  const admin = broker.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const missing = new Set(ends.flatMap(({ partition, high, low }) => (high === low ? [] : [partition])));
  const heard = new Map<string, MessageOf<T>>();
  if (missing.size === 0) return [];
  const consumer = broker.consumer({ groupId: `test-${randomUUID()}` });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve) => {
      void consumer.run({
        eachMessage: async ({ partition, message }) => {
          heard.set(String(message.headers?.['ce_id']), JSON.parse(String(message.value)) as MessageOf<T>);
          const end = ends.find((one) => one.partition === partition);
          if (Number(message.offset) + 1 >= Number(end?.high)) missing.delete(partition);
          if (missing.size === 0) resolve();
        },
      });
    });
  } finally {
    await consumer.disconnect();
  }
  return [...heard.values()];
}

async function stopAll(started: { stop(): Promise<void> }[], directory: TemporaryDirectory): Promise<void> {
  for (const part of started.toReversed()) await part.stop().catch(() => undefined);
  await directory.remove();
}
