import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  type ReportFiled,
  reviewRecordedSchema,
  type ReviewRecorded,
  type InferenceCompleted,
} from '@sightline/contracts';
import { uidFromUuid } from '@sightline/dicom';
import { codes, concept, type Finding, type Verdict } from '@sightline/findings';
import { type DataSource, inTransaction, openDatabase, PostgresOutbox } from '@sightline/persistence';
import type { Role, User } from '@sightline/platform';
import { startReadingDatabase, type ReadingDatabase } from '../../../test/support/reading-database.ts';
import { filedReports, projectReport } from './filed-reports.ts';
import { ModelShelf } from './model-shelf.ts';
import { projectAnswer } from './project-messages.ts';
import { readingMigrations } from './reading-migrations.ts';
import { RecordReview, type Reviewed } from './record-review.ts';
import type { ReviewRequest } from './review-request.ts';
import { StudyShow } from './show-study.ts';
import { findStudy, listStudies } from './studies.ts';
import type { ReportView } from './study-view.ts';

const base = 'https://ehr.example.org/fhir';
const model = { name: 'reader', version: '1.0.0' };
const at = '2026-01-02T03:04:05.000Z';
const [pneumonia, effusion] = [codes.snomed.pneumonia, codes.snomed.pleuralEffusion].map(concept);
const viral = concept(codes.snomed.viralPneumonia);

const robin: User = { subject: 'robin', name: 'Robin Radiologist', roles: ['radiologist'] };
const casey: User = { subject: 'casey', roles: ['clinician'] };

describe('a review', () => {
  let database: ReadingDatabase;
  let source: DataSource;
  let show: StudyShow;
  let reviews: RecordReview;
  let uid: Finding['trackingUid'];
  let first: Finding['trackingUid'];
  let second: Finding['trackingUid'];

  beforeAll(async () => {
    database = await startReadingDatabase();
    ({ source } = database);
    const models = join(database.directory, 'models');
    await mkdir(models);
    const shelf = new ModelShelf(models);
    show = new StudyShow(shelf, base);
    reviews = new RecordReview(shelf, show, new PostgresOutbox('reading-room'));
  }, 120_000);

  afterAll(async () => {
    await database?.stop();
  });

  beforeEach(async () => {
    [uid, first, second] = [newUid(), newUid(), newUid()];
    await answer(1);
  });

  function newUid(): Finding['trackingUid'] {
    return uidFromUuid(randomUUID());
  }

  async function answer(revision: number, outcome?: InferenceCompleted['outcome']): Promise<void> {
    const findings = [
      { key: 'pneumonia', trackingUid: first, concept: pneumonia },
      { key: 'effusion', trackingUid: second, concept: effusion },
    ].map((one) => ({
      ...one,
      trackingIdentifier: one.key,
      laterality: 'unknown',
      presence: 'present',
      certainty: { probability: 0.9, threshold: 0.5 },
      measurements: [],
      sources: [],
      sentence: 'Suspected.',
    }));
    await inTransaction(source, (tx) =>
      projectAnswer(tx, {
        study: { studyInstanceUid: uid, revision, patient: {}, modalities: ['DX'] },
        model,
        role: 'primary',
        outcome: outcome ?? { kind: 'findings', findings: findings as unknown as [Finding], artefacts: [] },
        images: [],
        timings: { completedAt: at },
      }),
    );
  }

  async function file(changes: Partial<ReportFiled> = {}, versionId = '1'): Promise<void> {
    const reportUrl = changes.reportUrl ?? `${base}/DiagnosticReport/${uid}`;
    await inTransaction(source, (tx) =>
      projectReport(tx, {
        studyInstanceUid: uid,
        revision: 1,
        model,
        state: 'unreviewed',
        reportUrl,
        resources: [
          { resourceType: 'Observation', id: 'o', versionId: '99' },
          { resourceType: 'DiagnosticReport', id: reportUrl.split('/').at(-1) ?? '', versionId },
        ],
        bundleSha256: 'a'.repeat(64),
        filedAt: at,
        destination: 'ehr',
        generation: 1,
        edition: 1,
        verdicts: [],
        ...changes,
      }),
    );
  }

  async function report(user: User = robin): Promise<ReportView> {
    const row = await findStudy(source.manager, uid);
    const view = row && (await show.study(row, user)).reports[0];
    if (view === undefined) throw new Error('no report is shown');
    return view;
  }

  async function give(user: User, request: Partial<ReviewRequest>, key?: string): Promise<Reviewed> {
    const { seen } = await report();
    return inTransaction(source, (tx) =>
      reviews.record(tx, {
        uid,
        model: 'reader@1.0.0',
        user,
        request: { seen, verdicts: [], sign: false, ...request },
        ...(key === undefined ? {} : { key }),
      }),
    );
  }

  async function told(): Promise<ReviewRecorded[]> {
    const rows = await source.manager.query<{ value: string }[]>(
      `select value from outbox where topic = 'review.recorded.v1' and key = $1 order by row_id`,
      [uid],
    );
    return rows.map(({ value }) => reviewRecordedSchema.parse(JSON.parse(value)));
  }

  const accept = (trackingUid: Finding['trackingUid']): Verdict => ({ verdict: 'accepted', trackingUid });
  const reject = (trackingUid: Finding['trackingUid'], reason = 'Artefact'): Verdict => ({
    verdict: 'rejected',
    trackingUid,
    reason,
  });

  it('of the report in the chart names its URL and the version of the DiagnosticReport', async () => {
    await file({}, '7');
    expect(await give(casey, { verdicts: [accept(first)] })).toMatchObject({ kind: 'recorded' });
    expect(await told()).toMatchObject([
      {
        revision: 1,
        model,
        report: { url: `${base}/DiagnosticReport/${uid}`, versionId: '7' },
        reviewer: { subject: 'casey', role: 'clinician' },
        verdicts: [accept(first)],
      },
    ]);
  });

  it('of a report that was filed nowhere names the answer and its revision', async () => {
    await give(casey, { verdicts: [accept(first)] });
    const url = `urn:sightline:answer:${encodeURIComponent(`${uid}/reader@1.0.0/1`)}`;
    expect((await told())[0]?.report).toEqual({ url, versionId: '1' });
  });

  it('is told to the audit in the same transaction, without what was said', async () => {
    await file();
    await give(casey, { verdicts: [reject(first, 'it is a skin fold')] });
    const rows = await source.manager.query<{ value: string }[]>(
      `select value from outbox where topic = 'audit.recorded.v1' and key = $1`,
      [uid],
    );
    expect(rows.map(({ value }) => JSON.parse(value))).toMatchObject([
      { type: { code: 'review-recorded' }, agent: { kind: 'person', name: 'casey', role: 'clinician' } },
    ]);
    expect(rows[0]?.value).not.toContain('skin fold');
  });

  it('leaves nothing behind where the transaction fails', async () => {
    const { seen } = await report();
    const request = { seen, verdicts: [accept(first)], sign: false };
    await expect(
      inTransaction(source, async (tx) => {
        await reviews.record(tx, { uid, model: 'reader@1.0.0', user: casey, request });
        throw new Error('the database went away');
      }),
    ).rejects.toThrow('went away');
    expect(await told()).toEqual([]);
    expect((await report()).findings[0]?.pending).toBeUndefined();
  });

  it('sent again under its key is the same review, even once the chart has it', async () => {
    await file();
    const { seen } = await report();
    const one = await give(casey, { seen, verdicts: [accept(first)] }, 'attempt-1');
    await file({ edition: 2, verdicts: [accept(first)] }, '2');
    expect(await give(casey, { seen, verdicts: [accept(first)] }, 'attempt-1')).toEqual(one);
    expect(await told()).toHaveLength(1);
  });

  it('sent again without a key is the same review, and a change of mind and back are three', async () => {
    await file();
    for (const verdicts of [[accept(first)], [accept(first)]]) await give(casey, { verdicts });
    expect(await told()).toHaveLength(1);
    for (const verdicts of [[reject(first)], [accept(first)]]) await give(casey, { verdicts });
    expect((await told()).map(({ verdicts }) => verdicts[0]?.verdict)).toEqual(['accepted', 'rejected', 'accepted']);
  });

  it('of many sent at once under one key is one', async () => {
    await file();
    const { seen } = await report();
    await Promise.all([1, 2, 3, 4].map(() => give(casey, { seen, verdicts: [accept(first)] }, 'attempt-1')));
    expect(await told()).toHaveLength(1);
  });

  it('never shares a moment with another, which would make the two one message', async () => {
    await file();
    await give(casey, { verdicts: [accept(first)] });
    await source.query(`update sent_review set recorded_at = '2999-01-01T00:00:00Z' where study_instance_uid = $1`, [
      uid,
    ]);
    await give(casey, { verdicts: [reject(first)] });
    expect((await told())[1]?.recordedAt).toBe('2999-01-01T00:00:00.001Z');
  });

  it('under a key that stands for another review is refused', async () => {
    await file();
    await give(casey, { verdicts: [accept(first)] }, 'attempt-1');
    expect(await give(casey, { verdicts: [reject(first)] }, 'attempt-1')).toMatchObject({ kind: 'conflict' });
  });

  it.each<[string, () => Partial<ReviewRequest>, string]>([
    ['a finding that is not in the report', () => ({ verdicts: [accept(newUid())] }), 'no finding'],
    [
      'a concept that is not offered',
      () => ({ verdicts: [{ verdict: 'corrected', trackingUid: first, concept: concept(codes.snomed.retina) }] }),
      'cannot be corrected to',
    ],
    [
      'an offered concept by another name',
      () => ({ verdicts: [{ verdict: 'corrected', trackingUid: first, concept: { ...viral, display: 'Cold' } }] }),
      'cannot be corrected to',
    ],
    [
      'a finding corrected to itself',
      () => ({ verdicts: [{ verdict: 'corrected', trackingUid: first, concept: concept(codes.snomed.pneumonia) }] }),
      'cannot be corrected to',
    ],
  ])('of %s is not understood', async (_what, request, text) => {
    await file();
    expect(await give(casey, request())).toMatchObject({ kind: 'not-understood', text: expect.stringContaining(text) });
    expect(await told()).toEqual([]);
  });

  it('takes a concept that is offered', async () => {
    await file();
    await give(casey, { verdicts: [{ verdict: 'corrected', trackingUid: first, concept: viral }] });
    expect((await told())[0]?.verdicts).toEqual([{ verdict: 'corrected', trackingUid: first, concept: viral }]);
  });

  it.each<[string, () => Promise<void>]>([
    ['another version of the report', () => file({ edition: 2 }, '2')],
    ['a newer revision', () => answer(2)],
    ['a newer report', () => file({ generation: 2, reportUrl: `${base}/DiagnosticReport/newer` })],
  ])('of what is no longer shown is refused: %s', async (_what, moveOn) => {
    await file();
    const { seen } = await report();
    await moveOn();
    const request = { seen, verdicts: [accept(first)] };
    expect(await give(casey, request)).toMatchObject({
      kind: 'conflict',
      text: expect.stringContaining('has changed'),
    });
  });

  it.each([
    ['signed', casey],
    ['rejected', robin],
    ['withdrawn', robin],
  ] as const)('of a %s report is refused', async (state, user) => {
    await file({ state, edition: 2 });
    expect(await give(user, { verdicts: [accept(first)] })).toMatchObject({ kind: 'conflict' });
    expect(await told()).toEqual([]);
  });

  it('of a signed report changes it only with a radiologist’s signature on a changed answer', async () => {
    await file({ state: 'signed', edition: 2, verdicts: [accept(first), accept(second)] });
    expect(await give(robin, { verdicts: [reject(first)] })).toMatchObject({ kind: 'conflict' });
    expect(await give(robin, { sign: true })).toMatchObject({ kind: 'conflict' });
    expect(await give(robin, { verdicts: [reject(first)], sign: true })).toMatchObject({ kind: 'recorded' });
    expect(await told()).toMatchObject([{ signed: true, verdicts: [reject(first), accept(second)] }]);
  });

  it('of a study or a model nobody has told of is unknown', async () => {
    const request = { seen: { url: 'x', versionId: '1' }, verdicts: [accept(first)], sign: false };
    for (const [study, name] of [
      [newUid(), 'reader@1.0.0'],
      [uid, 'reader@9.0.0'],
    ] as const)
      expect(
        await inTransaction(source, (tx) => reviews.record(tx, { uid: study, model: name, user: casey, request })),
      ).toMatchObject({ kind: 'unknown' });
  });

  it('of what a model would not read has nothing to answer', async () => {
    await answer(2, { kind: 'skipped', reason: 'age-unknown', detail: '' });
    expect(await give(robin, { verdicts: [accept(first)] })).toMatchObject({ kind: 'conflict' });
  });

  describe('that signs', () => {
    it('needs the radiologist’s role', async () => {
      await file();
      const request = { verdicts: [accept(first), accept(second)], sign: true };
      expect(await give(casey, request)).toMatchObject({ kind: 'not-allowed' });
      expect(await told()).toEqual([]);
    });

    it('needs an answer to every finding, and says which is open', async () => {
      await file();
      expect(await give(robin, { verdicts: [accept(first)], sign: true })).toEqual({
        kind: 'conflict',
        text: 'Not every finding is answered: Pleural effusion.',
      });
    });

    it('stands for what is in force and what is on its way, and says all of it', async () => {
      await file({ verdicts: [accept(first)], edition: 2 });
      await give(casey, { verdicts: [reject(second)] });
      await give(robin, { sign: true });
      expect((await told())[1]).toMatchObject({
        signed: true,
        reviewer: { subject: 'robin', role: 'radiologist', name: 'Robin Radiologist' },
        verdicts: [accept(first), reject(second)],
      });
    });

    it('does not count an answer to an earlier revision that no report has', async () => {
      await give(casey, { verdicts: [accept(first), accept(second)] });
      await answer(2);
      expect(await give(robin, { sign: true })).toMatchObject({ kind: 'conflict' });
    });
  });

  it('is shown on its way, then in force with who gave it', async () => {
    await file();
    await give(casey, { verdicts: [accept(first)] });
    const finding = async () => (await report()).findings.find(({ trackingUid }) => trackingUid === first);
    expect(await finding()).toMatchObject({ pending: { verdict: 'accepted', state: 'on-its-way' } });
    await file({ edition: 2, verdicts: [accept(first)] }, '2');
    expect(await finding()).toMatchObject({ verdict: { verdict: 'accepted', by: { subject: 'casey' } } });
    expect((await finding())?.pending).toBeUndefined();
  });

  it('is shown out of date once somebody else has signed', async () => {
    await file();
    await give(casey, { verdicts: [reject(first)] });
    await file({ edition: 2, state: 'signed', verdicts: [accept(first), accept(second)] }, '2');
    const view = await report(casey);
    expect(view.findings.find(({ trackingUid }) => trackingUid === first)?.pending?.state).toBe('out-of-date');
    expect(view).toMatchObject({ state: 'signed', may: { review: false, why: expect.stringContaining('signed') } });
  });

  it('keeps the newest edition of each report, in whatever order they are heard', async () => {
    await file({ edition: 3, state: 'signed' }, '3');
    await file({ edition: 2 }, '2');
    expect(await report()).toMatchObject({ state: 'signed', seen: { versionId: '3' }, generation: 1 });
  });

  it('finds the reports that the release before has kept', async () => {
    const url = await database.postgres.createDatabase('release_before');
    const options = { url, app: 'reading-room', entities: [] };
    const before = await openDatabase({ ...options, migrations: readingMigrations.slice(0, 1) });
    await before.query(
      `insert into reading (study_instance_uid, revision, model, model_name, report_url, report_state, filed_at)
       values ($1, 1, 'reader@1.0.0', 'reader', 'http://a/1', 'unreviewed', $2),
              ($1, 2, 'reader@1.0.0', 'reader', 'http://a/2', 'unreviewed', $2),
              ($1, 3, 'reader@1.0.0', 'reader', null, null, null)`,
      [uid, at],
    );
    await before.destroy();
    const after = await openDatabase({ ...options, migrations: readingMigrations });
    const reports = await filedReports(after.manager, uid);
    await after.destroy();
    expect(reports).toMatchObject([
      { report_url: 'http://a/2', revision: 2, destination: '', generation: 1, edition: 1 },
    ]);
  });

  it('of another destination is only named', async () => {
    await file({ destination: 'archive', reportUrl: 'https://archive.example.org/fhir/DiagnosticReport/1' });
    const view = await report();
    expect(view).toMatchObject({ alsoSentTo: ['archive'], state: 'unreviewed' });
    expect(view.reportUrl).toBeUndefined();
  });

  it('changes what the worklist says of the study once the report was filed with it', async () => {
    const listed = async () => {
      const { rows } = await listStudies(source.manager, { order: 'newest', limit: 500, offset: 0 });
      const row = rows.find(({ context }) => context.studyInstanceUid === uid);
      return row && show.summary(row).reviewed;
    };
    expect(await listed()).toBe('unreviewed');
    await file({ state: 'withdrawn', edition: 2 });
    expect(await listed()).toBe('withdrawn');
    await answer(2);
    expect(await listed()).toBe('unreviewed');
  });

  it('that signed leaves word beside a newer analysis, in the study and in the worklist', async () => {
    const listed = async () => {
      const { rows } = await listStudies(source.manager, { order: 'newest', limit: 500, offset: 0 });
      const row = rows.find(({ context }) => context.studyInstanceUid === uid);
      return row && show.summary(row).newerSinceSigned;
    };
    await file();
    await give(robin, { verdicts: [accept(first), accept(second)], sign: true });
    await file({ edition: 2, state: 'signed', verdicts: [accept(first), accept(second)] }, '2');
    expect([await listed(), (await report()).signedBefore]).toEqual([false, undefined]);
    await answer(2);
    expect(await listed()).toBe(true);
    expect((await report()).signedBefore).toMatchObject({ by: { name: 'Robin Radiologist' } });
    await file({ generation: 2, revision: 2, reportUrl: `${base}/DiagnosticReport/newer` });
    expect(await report()).toMatchObject({
      generation: 2,
      state: 'unreviewed',
      signedBefore: { by: { subject: 'robin' } },
    });
  });

  it('is open to both roles of the room, and a person who has both reviews as a radiologist', async () => {
    await file();
    const roles: Role[] = ['clinician', 'radiologist'];
    await give({ subject: 'sam', roles }, { verdicts: [accept(first)] });
    expect((await told())[0]?.reviewer.role).toBe('radiologist');
  });
});
