import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { InferenceCompleted } from '@sightline/contracts';
import { uidFromUuid } from '@sightline/dicom';
import { inTransaction } from '@sightline/persistence';
import { startReadingDatabase, type ReadingDatabase } from '../../../test/support/reading-database.ts';
import { projectAnswer } from './project-messages.ts';
import { findStudy, listStudies } from './studies.ts';

let database: ReadingDatabase;

beforeAll(async () => {
  database = await startReadingDatabase();
}, 120_000);

afterAll(async () => {
  await database?.stop();
});

type Told = [revision: number, model: string | undefined, outcome: InferenceCompleted['outcome']];

const positive = { kind: 'findings', findings: [{ presence: 'present' }], artefacts: [] } as never;
const noImage = { kind: 'skipped', reason: 'no-image', detail: 'no image' } as const;
const noModel = { kind: 'skipped', reason: 'no-model', detail: 'no model' } as const;

/** What a clinician is given once all of it was heard. */
async function seen(told: readonly Told[]): Promise<string[]> {
  const study = uidFromUuid(randomUUID());
  for (const [revision, name, outcome] of told) {
    const answer = {
      study: { studyInstanceUid: study, revision, patient: {}, modalities: ['DX'] },
      ...(name === undefined ? {} : { model: { name, version: '1.0.0' } }),
      role: 'primary',
      outcome,
      images: [],
      timings: { completedAt: '2026-01-02T03:04:05.000Z' },
    } as InferenceCompleted;
    await inTransaction(database.source, (tx) => projectAnswer(tx, answer));
  }
  const { rows } = await listStudies(database.source.manager, { order: 'newest', limit: 500, offset: 0 });
  const listed = rows.find(({ context }) => context.studyInstanceUid === study);
  const open = await findStudy(database.source.manager, study);
  return [
    listed?.state ?? 'unknown',
    listed?.positive === true ? 'positive' : 'not positive',
    ...(open?.readings ?? []).map(({ model, revision }) => `${model} ${revision}`),
  ];
}

describe('a revision that has no image left to show', () => {
  const read: Told = [1, 'reader', positive];
  const emptied: Told = [2, undefined, noImage];

  it.each([
    ['after', [read, emptied]],
    ['before', [emptied, read]],
  ])('takes the place of what was read before it, heard %s that', async (_order, told) => {
    expect(await seen(told)).toEqual(['refused', 'not positive', 'none 2']);
  });

  it('gives way to what is read of the next, and to that alone', async () => {
    const later: Told = [3, 'other-reader', positive];
    expect(await seen([read, emptied, later])).toEqual(['read', 'positive', 'other-reader@1.0.0 3']);
    expect(await seen([later, emptied, read])).toEqual(['read', 'positive', 'other-reader@1.0.0 3']);
  });
});

describe('a revision that no model reads any more', () => {
  it('leaves what was read before it', async () => {
    expect(
      await seen([
        [1, 'reader', positive],
        [2, undefined, noModel],
      ]),
    ).toEqual(['read', 'positive', 'reader@1.0.0 1']);
  });
});
