import type { MessageOf, TopicName } from '@sightline/contracts';
import { encodePart10, uidFromUuid, type Uid, type WritableDataset } from '@sightline/dicom';
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { testManifest, waitFor } from '../../test/support/index.ts';
import { startKafka, type Kafka } from '../sandbox/parts/kafka.ts';
import { startPostgres, type Postgres } from '../sandbox/parts/postgres.ts';
import { startIngest, type Ingest, type IngestOptions } from './start-ingest.ts';

const manifest = testManifest();

interface OutboxRow {
  event_id: string;
  value: string;
  published_at: Date | null;
}

interface Said<T extends TopicName> {
  id: string;
  body: MessageOf<T>;
  publishedAt: Date | null;
}

export interface IngestParts {
  directory: string;
  postgres: Postgres;
  kafka: Kafka;
  db: pg.Pool;
  /** What every ingest of these parts is started with. */
  options: IngestOptions;
  start(further?: Partial<IngestOptions>): Promise<Ingest>;
  /** What was said on a topic, of one study or of all, oldest first. */
  outbox<T extends TopicName>(topic: T, studyInstanceUid?: string): Promise<Said<T>[]>;
  /** Waits until a revision of a study was said to be complete. */
  received(studyInstanceUid: string, revision?: number): Promise<MessageOf<'study.received.v1'>>;
  /** Of one study, `1 complete` and the like. */
  revisions(studyInstanceUid: string): Promise<string[]>;
  log(name?: string): Promise<string>;
  stop(): Promise<void>;
}

/** Long enough for a quiet period and several looks at what is due. */
export async function quiet(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 2_500));
}

/** PostgreSQL and a Kafka broker of their own in a folder of their own, and one model that reads X-rays. */
export async function startIngestParts(): Promise<IngestParts> {
  const directory = await mkdtemp(join(tmpdir(), 'sightline-ingest-'));
  await chmod(directory, 0o711);
  const [postgres, kafka] = await Promise.all([
    startPostgres({ directory: join(directory, 'postgres') }),
    startKafka({ directory: join(directory, 'kafka') }),
  ]);
  const modelsDir = join(directory, 'models');
  await mkdir(join(modelsDir, manifest.name), { recursive: true });
  await writeFile(join(modelsDir, manifest.name, 'model.json'), JSON.stringify(manifest));
  const databaseUrl = await postgres.createDatabase('dicom_ingest');
  const objectStoreUrl = `file://${directory}/objects`;
  const options: IngestOptions = { directory, databaseUrl, brokers: kafka.brokers, objectStoreUrl, modelsDir };
  const db = new pg.Pool({ connectionString: postgres.adminUrlFor('dicom_ingest'), max: 2 });
  db.on('error', () => undefined);
  const started: Ingest[] = [];
  const outbox = async <T extends TopicName>(topic: T, studyInstanceUid?: string): Promise<Said<T>[]> => {
    const { rows } = await db.query<OutboxRow>(
      'select * from outbox where topic = $1 and ($2::text is null or key = $2) order by row_id',
      [topic, studyInstanceUid ?? null],
    );
    return rows.map((row) => ({
      id: row.event_id,
      body: JSON.parse(row.value) as MessageOf<T>,
      publishedAt: row.published_at,
    }));
  };

  return {
    directory,
    postgres,
    kafka,
    db,
    options,
    async start(further = {}) {
      const ingest = await startIngest({ ...options, ...further });
      started.push(ingest);
      return ingest;
    },
    outbox,
    received(studyInstanceUid, revision = 1) {
      return waitFor(
        async () => {
          const events = await outbox('study.received.v1', studyInstanceUid);
          return events.find(({ id }) => id.endsWith(`/${revision}`))?.body;
        },
        { what: `revision ${revision}` },
      );
    },
    async revisions(studyInstanceUid) {
      const { rows } = await db.query<{ revision: number; state: string }>(
        'select revision, state from revision where study_instance_uid = $1 order by revision',
        [studyInstanceUid],
      );
      return rows.map(({ revision, state }) => `${revision} ${state}`);
    },
    log: (name = 'dicom-ingest') => readFile(join(directory, `${name}.log`), 'utf8'),
    async stop() {
      await Promise.all(started.map(({ child }) => child.stop()));
      await db.end();
      await Promise.all([postgres.stop(), kafka.stop()]);
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export function freshUid(): Uid {
  return uidFromUuid(randomUUID());
}

/** An 8-bit chest radiograph of 4 × 4 pixels, invented; `dataset` replaces or adds attributes. */
export function radiograph(
  dataset: WritableDataset = {},
): WritableDataset & { SOPInstanceUID: string; StudyInstanceUID: string } {
  return {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.1.1',
    SeriesInstanceUID: freshUid(),
    Modality: 'DX',
    ImageType: 'ORIGINAL\\PRIMARY',
    StudyDate: '20240229',
    StudyTime: '131502',
    PatientName: 'Zzyzx^Quillfeather',
    PatientID: 'PID-ZZYZX-77',
    PatientBirthDate: '20200301',
    PatientSex: 'F',
    BodyPartExamined: 'CHEST',
    ViewPosition: 'AP',
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: 4,
    Columns: 4,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    PixelData: Uint8Array.from({ length: 16 }, (_, i) => i * 16),
    ...dataset,
    SOPInstanceUID: typeof dataset.SOPInstanceUID === 'string' ? dataset.SOPInstanceUID : freshUid(),
    StudyInstanceUID: typeof dataset.StudyInstanceUID === 'string' ? dataset.StudyInstanceUID : freshUid(),
  };
}

/** Writes a data set as a Part 10 file and returns its path. */
export async function writeInstance(
  directory: string,
  dataset: WritableDataset & { SOPInstanceUID: string },
): Promise<string> {
  const path = join(directory, `${dataset.SOPInstanceUID}.dcm`);
  await writeFile(path, encodePart10(dataset));
  return path;
}
