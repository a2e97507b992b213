import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { InferenceCompleted, InferenceRequested, RequestRole } from '@sightline/contracts';
import { uidFromUuid } from '@sightline/dicom';
import { inTransaction, type Tx } from '@sightline/persistence';
import { startReadingDatabase, type ReadingDatabase } from '../../../test/support/reading-database.ts';
import { projectAnswer, projectRequest } from './project-messages.ts';
import { findStudy, listStudies, type StudyRow } from './studies.ts';

const name = 'test-reader';
const at = '2026-01-02T03:04:05.000Z';

describe('a shadow', () => {
  let database: ReadingDatabase;

  beforeAll(async () => {
    database = await startReadingDatabase();
  }, 120_000);

  afterAll(async () => {
    await database?.stop();
  });

  type Step = (tx: Tx, study: string) => Promise<void>;

  function request(version: string, role: RequestRole): Step {
    return (tx, study) =>
      projectRequest(tx, { ...about(study, version, role), instances: [], priority: 'routine' } as never);
  }

  function answer(version: string | undefined, role: RequestRole, outcome: InferenceCompleted['outcome']): Step {
    return (tx, study) => projectAnswer(tx, { ...about(study, version, role), outcome } as never);
  }

  function about(
    study: string,
    version: string | undefined,
    role: RequestRole,
  ): Partial<InferenceRequested & InferenceCompleted> {
    return {
      study: { studyInstanceUid: study as never, revision: 1, patient: {}, modalities: ['DX'] },
      ...(version === undefined ? {} : { model: { name, version } }),
      role,
      requestedAt: at,
      deadline: '2999-01-01T00:00:00.000Z',
      timings: { completedAt: at },
    };
  }

  const positive = { kind: 'findings', findings: [{ presence: 'present' }], artefacts: [] } as never;
  const negative = { kind: 'findings', findings: [{ presence: 'absent' }], artefacts: [] } as never;
  const skipped = { kind: 'skipped', reason: 'no-model', detail: 'no model reads DX' } as const;

  /** What a clinician is given, apart from the study's name and the moment it was heard of. */
  async function seen(steps: readonly Step[]): Promise<unknown> {
    const study = uidFromUuid(randomUUID());
    for (const step of steps) await inTransaction(database.source, (tx) => step(tx, study));
    const one = await findStudy(database.source.manager, study);
    const { rows } = await listStudies(database.source.manager, { order: 'newest', limit: 500, offset: 0 });
    const listed = rows.find(({ context }) => context.studyInstanceUid === study);
    return [one, listed].map(anonymous);
  }

  function anonymous(row: StudyRow | undefined): unknown {
    if (row === undefined) return undefined;
    const { state, positive: isPositive, readings, instances } = row;
    return { state, isPositive, instances, readings: readings.map(({ model, outcome }) => ({ model, outcome })) };
  }

  const shadowed = [request('2.0.0', 'shadow'), answer('2.0.0', 'shadow', positive)];

  it.each<[string, Step[], string]>([
    ['what a primary found', [request('1.0.0', 'primary'), answer('1.0.0', 'primary', negative)], 'read'],
    ['that a primary is still expected', [request('1.0.0', 'primary')], 'received'],
    ['that no model reads the study', [answer(undefined, 'primary', skipped)], 'refused'],
    [
      'that a primary failed',
      [
        request('1.0.0', 'primary'),
        answer('1.0.0', 'primary', { kind: 'failed', failure: { kind: 'defect', message: 'x' } }),
      ],
      'failed',
    ],
  ])('changes nothing in %s, before or after', async (_what, steps, state) => {
    const alone = await seen(steps);
    expect(alone).toMatchObject([{ state, isPositive: false }, { state }]);
    expect(await seen([...shadowed, ...steps])).toEqual(alone);
    expect(await seen([...steps, ...shadowed])).toEqual(alone);
    expect(await seen([...shadowed.toReversed(), ...steps])).toEqual(alone);
  });

  it('makes no study read by itself', async () => {
    expect(await seen(shadowed)).toMatchObject([{ state: 'received', readings: [], isPositive: false }, {}]);
  });
});
