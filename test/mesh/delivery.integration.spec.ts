import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type MessageOf } from '@sightline/contracts';
import { uidFromUuid } from '@sightline/dicom';
import {
  connectKafka,
  Consumes,
  type Delivery,
  failed,
  type Failed,
  KafkaStrategy,
  Outbox,
  type Outcome,
} from '@sightline/messaging';
import { DeadLetters, inTransaction, PersistenceModule, sqlMigration, type Tx } from '@sightline/persistence';
import { createLogger, Logger, Readiness } from '@sightline/platform';
import { Controller, type INestApplication, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { type Kafka as KafkaServer, startKafka } from '../../tools/sandbox/parts/kafka.ts';
import { type Postgres, startPostgres } from '../../tools/sandbox/parts/postgres.ts';
import { waitFor } from '../support/wait-for.ts';

const topic = 'inference.completed.v1';
type Completed = MessageOf<typeof topic>;
type Behaviour = (delivery: Delivery<typeof topic, Tx>, tx: Tx) => Promise<void | Failed>;

/** What the handler does inside its transaction for a study; the default is nothing but writing the row. */
const behaviours = new Map<string, Behaviour>();
const silent = createLogger('test', 'error', { write: () => undefined });

@Controller()
class WritesARow {
  constructor(@Inject(Outbox) private readonly outbox: Outbox<Tx>) {}

  @Consumes(topic)
  async on(delivery: Delivery<typeof topic, Tx>): Promise<Outcome> {
    const { studyInstanceUid } = delivery.body.study;
    return delivery.record(async (tx) => {
      await tx.query('insert into handled (study, attempt) values ($1, $2)', [studyInstanceUid, delivery.attempt]);
      await this.outbox.add(tx, 'audit.recorded.v1', auditOf(studyInstanceUid), delivery.traceparent);
      return behaviours.get(studyInstanceUid)?.(delivery, tx);
    });
  }
}

@Module({})
class Silence {}

async function startReplica(databaseUrl: string, brokers: readonly string[]): Promise<INestApplication> {
  const app = await NestFactory.create(
    {
      module: Silence,
      imports: [
        {
          module: class Base {},
          global: true,
          providers: [
            { provide: Logger, useValue: silent },
            { provide: Readiness, useValue: new Readiness() },
          ],
          exports: [Logger, Readiness],
        },
        PersistenceModule.forApp({
          app: 'fhir-writer',
          config: { databaseUrl, kafkaBrokers: brokers },
          entities: [],
          migrations: [
            sqlMigration(1764000009001, 'Handled', [
              'create table handled (study text not null, attempt integer not null)',
            ]),
          ],
        }),
      ],
      controllers: [WritesARow],
    },
    new FastifyAdapter(),
    { logger: false },
  );
  app.connectMicroservice({ strategy: app.get(KafkaStrategy) });
  await app.startAllMicroservices();
  await app.init();
  return app;
}

function completed(): Completed {
  return {
    study: { studyInstanceUid: uidFromUuid(randomUUID()), revision: 1, patient: {}, modalities: ['DX'] },
    role: 'primary',
    outcome: { kind: 'skipped', reason: 'no-model', detail: '' },
    images: [],
    timings: { completedAt: new Date().toISOString() },
  };
}

function auditOf(study: string): MessageOf<'audit.recorded.v1'> {
  return {
    id: `audit/test/${study}`,
    subject: study,
    app: 'fhir-writer',
    recordedAt: new Date().toISOString(),
    type: { system: 'urn:test', code: 'x', display: 'x' },
    action: 'C',
    outcome: '0',
    agent: { kind: 'app', name: 'fhir-writer' },
    entities: [],
  };
}

describe('a delivery', () => {
  let directory: string;
  let kafka: KafkaServer;
  let postgres: Postgres;
  let databaseUrl: string;
  let replica: INestApplication;
  let source: DataSource;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'delivery-'));
    [kafka, postgres] = await Promise.all([
      startKafka({ directory: join(directory, 'kafka') }),
      startPostgres({ directory: join(directory, 'postgres') }),
    ]);
    databaseUrl = await postgres.createDatabase('mesh');
    replica = await startReplica(databaseUrl, kafka.brokers);
    source = replica.get(DataSource);
  });

  afterAll(async () => {
    await replica?.close();
    await kafka?.stop();
    await postgres?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const say = (body: Completed) => inTransaction(source, (tx) => replica.get<Outbox<Tx>>(Outbox).add(tx, topic, body));
  const handledOf = async (body: Completed) =>
    source.query<{ attempt: number }[]>('select attempt from handled where study = $1', [body.study.studyInstanceUid]);
  const inboxOf = async (body: Completed) =>
    source.query<unknown[]>(`select 1 from inbox where event_id like '%' || $1 || '%'`, [body.study.studyInstanceUid]);
  const deadOf = async (text: string) =>
    source.query<{ row_id: string; value: Buffer | null; failure: { kind: string; message: string } }[]>(
      `select row_id, value, failure from dead where convert_from(value, 'UTF8') like '%' || $1 || '%' order by row_id`,
      [text],
    );

  const publishRaw = async (value: string, headers: Record<string, string>) => {
    const producer = connectKafka(kafka.brokers, 'test', silent).producer();
    await producer.connect();
    await producer.send({ topic, messages: [{ key: 'k', value, headers }] });
    await producer.disconnect();
  };

  it('has its effect once, however often its event is told and its record published', async () => {
    const body = completed();
    await say(body);
    await say(body);
    await waitFor(async () => (await handledOf(body)).length > 0);
    await inTransaction(source, (tx) =>
      replica
        .get<Outbox<Tx>>(Outbox)
        .again(tx, topic, `inference.completed/${body.study.studyInstanceUid}/1/none/answered`),
    );
    const after = completed();
    await say(after);
    await waitFor(async () => (await handledOf(after)).length > 0);
    expect(await handledOf(body)).toHaveLength(1);
    expect(await inboxOf(body)).toHaveLength(1);
  });

  it('that fails as unavailable becomes a row and is tried again, and holds up nobody behind it', async () => {
    const first = completed();
    behaviours.set(first.study.studyInstanceUid, async ({ attempt }) =>
      attempt < 3 ? failed('unavailable', 'the peer is away') : undefined,
    );
    const second = completed();
    await say(first);
    await say(second);
    await waitFor(async () => (await handledOf(second)).length === 1);
    expect(await handledOf(first)).toEqual([]);
    await waitFor(async () => (await handledOf(first)).length === 1, { timeout: 20_000 });
    expect(await handledOf(first)).toEqual([{ attempt: 3 }]);
    // Taken away once the record is committed: between the two, a second try would be a duplicate.
    await waitFor(async () => (await source.query<unknown[]>('select 1 from retry')).length === 0);
  });

  it('that fails as invalid-input is a dead row with the bytes as they came, and a replay handles it as if new', async () => {
    const body = completed();
    const { studyInstanceUid } = body.study;
    behaviours.set(studyInstanceUid, async () => failed('invalid-input', 'refused by the peer'));
    await say(body);
    const [row] = await waitFor(async () => {
      const rows = await deadOf(studyInstanceUid);
      return rows.length > 0 ? rows : undefined;
    });
    expect(row?.failure).toEqual({ kind: 'invalid-input', message: 'refused by the peer' });
    expect(JSON.parse(row?.value?.toString() ?? '')).toEqual(body);
    expect(await inboxOf(body)).toEqual([]);
    expect(await handledOf(body)).toEqual([]);

    behaviours.delete(studyInstanceUid);
    expect(await replica.get(DeadLetters).replay(row?.row_id ?? '')).toBe(true);
    await waitFor(async () => (await handledOf(body)).length === 1);
  });

  it('whose handler throws is a dead row of kind defect, and the next one is handled', async () => {
    const body = completed();
    behaviours.set(body.study.studyInstanceUid, async () => {
      throw new TypeError('a mistake of ours');
    });
    const next = completed();
    await say(body);
    await say(next);
    await waitFor(async () => (await handledOf(next)).length === 1);
    const rows = await waitFor(async () => {
      const found = await deadOf(body.study.studyInstanceUid);
      return found.length > 0 ? found : undefined;
    });
    expect(rows.map(({ failure }) => failure.kind)).toEqual(['defect']);
    expect(await handledOf(body)).toEqual([]);
  });

  it.each([
    ['breaks its schema', '{"study":"nonsense-1"}', { ce_specversion: '1.0', ce_id: 'x1' }, /breaks the schema/],
    ['is not JSON', 'nonsense-2 not json', { ce_specversion: '1.0', ce_id: 'x2' }, /not JSON/],
    ['has no id', '{"study":"nonsense-3"}', { ce_specversion: '1.0' }, /ce_id is missing/],
    ['is no CloudEvent', '{"study":"nonsense-4"}', {}, /ce_specversion/],
  ])('whose record %s is a dead row that says so, and the next one is handled', async (_, value, headers, reason) => {
    await publishRaw(value, headers);
    const marker = /nonsense-\d/.exec(value)?.[0] ?? '';
    const [row] = await waitFor(async () => {
      const rows = await deadOf(marker);
      return rows.length > 0 ? rows : undefined;
    });
    expect(row?.failure.kind).toBe('invalid-input');
    expect(row?.failure.message).toMatch(reason);
    const next = completed();
    await say(next);
    await waitFor(async () => (await handledOf(next)).length === 1);
  });

  it('whose transaction is rolled back leaves no word in the outbox', async () => {
    const body = completed();
    behaviours.set(body.study.studyInstanceUid, async () => failed('invalid-input', 'no'));
    await say(body);
    await waitFor(async () => (await deadOf(body.study.studyInstanceUid)).length > 0);
    expect(
      await source.query('select 1 from outbox where event_id = $1', [`audit/test/${body.study.studyInstanceUid}`]),
    ).toEqual([]);
  });

  it('waits in the outbox while the broker is down, and arrives after', async () => {
    await kafka.kill('SIGKILL');
    const body = completed();
    await say(body);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(await handledOf(body)).toEqual([]);
    await kafka.start();
    await waitFor(async () => (await handledOf(body)).length === 1, { timeout: 60_000 });
  });

  it('is neither lost nor dead when the database goes away in the middle of it', async () => {
    const body = completed();
    let interrupted = false;
    behaviours.set(body.study.studyInstanceUid, async () => {
      if (interrupted) return;
      interrupted = true;
      await postgres.restart();
    });
    await say(body);
    await waitFor(async () => ((await handledOf(body).catch(() => [])).length === 1 ? true : undefined), {
      timeout: 60_000,
    });
    expect(await deadOf(body.study.studyInstanceUid)).toEqual([]);
  });

  it('has its effect once with two replicas, and the second takes over when the first stops', async () => {
    const other = await startReplica(databaseUrl, kafka.brokers);
    try {
      const bodies = Array.from({ length: 20 }, completed);
      for (const body of bodies) await say(body);
      await replica.close();
      const otherSource = other.get(DataSource);
      const late = completed();
      await inTransaction(otherSource, (tx) => other.get<Outbox<Tx>>(Outbox).add(tx, topic, late));
      const studies = [...bodies, late].map(({ study }) => study.studyInstanceUid);
      const count = async () =>
        otherSource.query<{ study: string; times: number }[]>(
          'select study, count(*)::int as times from handled where study = any($1) group by study',
          [studies],
        );
      await waitFor(async () => (await count()).length === studies.length, { timeout: 60_000 });
      expect((await count()).every(({ times }) => times === 1)).toBe(true);
    } finally {
      replica = other;
      source = other.get(DataSource);
    }
  });
});
