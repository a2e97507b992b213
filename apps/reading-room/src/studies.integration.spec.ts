import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { StudyContext } from '@sightline/contracts';
import { uidFromUuid } from '@sightline/dicom';
import { inTransaction, PostgresOutbox, type Tx } from '@sightline/persistence';
import type { User } from '@sightline/platform';
import { waitFor } from '../../../test/support/index.ts';
import { startReadingDatabase, type ReadingDatabase } from '../../../test/support/reading-database.ts';
import { projectReport } from './filed-reports.ts';
import { ModelShelf } from './model-shelf.ts';
import { projectAnswer, projectRequest } from './project-messages.ts';
import { StudyShow } from './show-study.ts';
import { StudiesController } from './studies.controller.ts';

const base = 'https://ehr.example.org/fhir';
const model = { name: 'reader', version: '1.0.0' };
const at = '2026-01-02T03:04:05.000Z';
const casey: User = { subject: 'casey', roles: ['clinician'] };
/** What draws pictures and what fetches reports, where neither is asked for. */
const unused = undefined as never;

describe('a study', () => {
  let database: ReadingDatabase;
  let controller: StudiesController;

  beforeAll(async () => {
    database = await startReadingDatabase();
    const outbox = new PostgresOutbox('reading-room');
    const show = new StudyShow(new ModelShelf(database.directory), base);
    controller = new StudiesController(database.source, outbox, unused, show, unused, unused);
  }, 120_000);

  afterAll(async () => {
    await database?.stop();
  });

  async function isHeldUp(): Promise<boolean> {
    const waiting = await database.source.query<unknown[]>(
      `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
    );
    return waiting.length > 0;
  }

  async function request(tx: Tx, study: StudyContext): Promise<void> {
    const deadline = '2999-01-01T00:00:00.000Z';
    const asked = { study, model, role: 'primary', priority: 'routine' } as const;
    await projectRequest(tx, { ...asked, instances: [], requestedAt: at, deadline });
  }

  async function refuse(tx: Tx, study: StudyContext): Promise<void> {
    const outcome = { kind: 'skipped', reason: 'wrong-body-part', detail: 'ABDOMEN' } as const;
    await projectAnswer(tx, { study, model, role: 'primary', outcome, images: [], timings: { completedAt: at } });
  }

  async function file(tx: Tx, { studyInstanceUid, revision }: StudyContext): Promise<void> {
    await projectReport(tx, {
      studyInstanceUid,
      revision,
      model,
      state: 'refused',
      reportUrl: `${base}/DiagnosticReport/1`,
      resources: [{ resourceType: 'DiagnosticReport', id: '1', versionId: '1' }],
      bundleSha256: 'a'.repeat(64),
      filedAt: at,
      destination: 'ehr',
      generation: 1,
      edition: 1,
      verdicts: [],
    });
  }

  it('is shown as it stood at one moment, though it is answered and filed while it is read', async () => {
    const study: StudyContext = {
      studyInstanceUid: uidFromUuid(randomUUID()),
      revision: 1,
      patient: {},
      modalities: ['CT'],
    };
    const look = () => controller.study(casey, study.studyInstanceUid);
    await inTransaction(database.source, (tx) => request(tx, study));

    const { looking } = await inTransaction(database.source, async (tx) => {
      await tx.query('lock table filed_report in access exclusive mode');
      const begun = look();
      await waitFor(isHeldUp);
      await refuse(tx, study);
      await file(tx, study);
      return { looking: begun };
    });

    expect(await looking).toMatchObject({ state: 'received', reports: [{ outcome: 'pending' }] });
    expect(await looking).not.toHaveProperty('filedAt');
    expect(await look()).toMatchObject({ state: 'refused', reports: [{ outcome: 'skipped' }], filedAt: at });
  });
});
