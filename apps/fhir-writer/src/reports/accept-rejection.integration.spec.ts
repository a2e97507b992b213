import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { InferenceCompleted, InstancesRejected } from '@sightline/contracts';
import { type DataSource, inTransaction, openDatabase, PostgresOutbox } from '@sightline/persistence';
import { createLogger } from '@sightline/platform';
import { answer } from '../../../../test/conformance/answers.ts';
import {
  startPostgres,
  temporaryDirectory,
  waitFor,
  type Postgres,
  type TemporaryDirectory,
} from '../../../../test/support/index.ts';
import { filingMigrations } from '../filing-migrations.ts';
import { AcceptAnswer } from './accept-answer.ts';
import { AcceptRejection } from './accept-rejection.ts';
import { KnownModels } from './known-models.ts';
import { WithdrawReports } from './recall.ts';

let directory: TemporaryDirectory;
let postgres: Postgres;
let source: DataSource;
let answers: AcceptAnswer;
let rejections: AcceptRejection;

beforeAll(async () => {
  directory = await temporaryDirectory('rejections');
  postgres = await startPostgres({ directory: join(directory.path, 'postgres') });
  const url = await postgres.createDatabase('fhir_writer');
  source = await openDatabase({ url, app: 'fhir-writer', entities: [], migrations: filingMigrations });
  const models = new KnownModels(directory.path, source, createLogger('fhir-writer', 'error'));
  answers = new AcceptAnswer(models, ['ehr']);
  rejections = new AcceptRejection(new WithdrawReports(new PostgresOutbox('fhir-writer'), ['ehr']));
}, 120_000);

afterAll(async () => {
  await source?.destroy();
  await postgres?.stop();
  await directory?.remove();
});

function rejectionOf({ study, images }: InferenceCompleted): InstancesRejected {
  const [image] = images;
  if (image === undefined) throw new Error('no image');
  const { seriesInstanceUid, sopClassUid, sopInstanceUid } = image;
  return {
    studyInstanceUid: study.studyInstanceUid,
    noteSopInstanceUid: `${study.studyInstanceUid}.8` as InstancesRejected['noteSopInstanceUid'],
    reason: 'patient-safety',
    instances: [{ seriesInstanceUid, sopClassUid, sopInstanceUid }],
    rejectedAt: '2026-02-03T05:00:00.000Z',
  };
}

async function states(study: string): Promise<string[]> {
  const rows = await source.query<{ state: string }[]>('select state from report where study_instance_uid = $1', [
    study,
  ]);
  return rows.map(({ state }) => state);
}

const somebodyWaits = () =>
  waitFor(
    async () =>
      (await source.query<unknown[]>(`select 1 from pg_locks where locktype = 'advisory' and not granted`)).length > 0,
  );

describe('an answer and a rejection of its images', () => {
  it('wait for each other: the note that comes while the answer is accepted finds its report', async () => {
    const said = answer();
    let noted: Promise<number> | undefined;
    await inTransaction(source, async (tx) => {
      expect(await answers.accept(tx, said, undefined)).toMatchObject({ kind: 'reported' });
      noted = inTransaction(source, (other) => rejections.accept(other, rejectionOf(said)));
      await somebodyWaits();
    });
    expect(await noted).toBe(1);
    expect(await states(said.study.studyInstanceUid)).toEqual(['withdrawn']);
  });

  it('wait for each other: the answer that comes while the note is accepted is not filed', async () => {
    const said = answer();
    let accepted: Promise<unknown> | undefined;
    await inTransaction(source, async (tx) => {
      expect(await rejections.accept(tx, rejectionOf(said))).toBe(0);
      accepted = inTransaction(source, (other) => answers.accept(other, said, undefined));
      await somebodyWaits();
    });
    expect(await accepted).toEqual({ kind: 'not-filed', reason: 'rejected' });
    expect(await states(said.study.studyInstanceUid)).toEqual([]);
  });
});
