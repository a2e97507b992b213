import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { AuditRecorded, InferenceCompleted, ModelRoleChanged } from '@sightline/contracts';
import { readModelsFolder } from '@sightline/models';
import { inTransaction, openDatabase, PostgresOutbox } from '@sightline/persistence';
import { createLogger } from '@sightline/platform';
import type { DataSource } from 'typeorm';
import { AnnounceDecision } from '../../apps/audit-monitor/src/announce-decision.ts';
import { DecideRole, type DecisionOutcome } from '../../apps/audit-monitor/src/decide-role.ts';
import { FirstSight } from '../../apps/audit-monitor/src/first-sight.ts';
import { modelMigrations } from '../../apps/audit-monitor/src/model-migrations.ts';
import { modelStatus } from '../../apps/audit-monitor/src/model-status.ts';
import type { Decision } from '../../apps/audit-monitor/src/plan-decision.ts';
import { recordReading } from '../../apps/audit-monitor/src/record-reading.ts';
import { retellRoles } from '../../apps/audit-monitor/src/retell-roles.ts';
import { trailMigrations } from '../../apps/audit-monitor/src/trail-migrations.ts';
import { ingestMigrations } from '../../apps/dicom-ingest/src/ingest-migrations.ts';
import { heardRoles, projectRole } from '../../apps/dicom-ingest/src/role-projection.ts';
import { standingRoles } from '../../apps/dicom-ingest/src/standing-roles.ts';
import { startPostgres, type Postgres, temporaryDirectory, type TemporaryDirectory } from '../support/index.ts';
import { writeModelVersion } from '../support/write-model-version.ts';

const name = 'test-reader';

/** A replica of audit-monitor, without its doors. */
interface Replica {
  source: DataSource;
  roles: DecideRole;
  firstSight: FirstSight;
}

describe('the parts that versions of a model play', () => {
  let directory: TemporaryDirectory;
  let postgres: Postgres;
  let replicas: [Replica, Replica];
  let ingest: DataSource;
  let modelsDir: string;
  const lines: string[] = [];
  const log = createLogger('test', 'warn', { write: (line) => lines.push(line) });

  beforeAll(async () => {
    directory = await temporaryDirectory('roles');
    postgres = await startPostgres({ directory: join(directory.path, 'postgres') });
    ingest = await openDatabase({
      url: await postgres.createDatabase('ingest'),
      app: 'dicom-ingest',
      entities: [],
      migrations: ingestMigrations,
    });
  });

  afterAll(async () => {
    for (const { source } of replicas) await source.destroy();
    await ingest.destroy();
    await postgres.stop();
    await directory.remove();
  });

  let databases = 0;
  beforeEach(async () => {
    if (databases > 0) for (const { source } of replicas) await source.destroy();
    databases += 1;
    lines.length = 0;
    modelsDir = join(directory.path, `models-${databases}`);
    const url = await postgres.createDatabase(`audit_${databases}`);
    await ingest.query('truncate model_role');
    replicas = [await openReplica(url), await openReplica(url)];
  });

  async function openReplica(url: string): Promise<Replica> {
    const migrations = [...trailMigrations, ...modelMigrations];
    const source = await openDatabase({ url, app: 'audit-monitor', entities: [], migrations });
    const transactions = { run: <T>(work: Parameters<typeof inTransaction<T>>[1]) => inTransaction(source, work) };
    const announce = new AnnounceDecision(new PostgresOutbox('audit-monitor'));
    return {
      source,
      roles: new DecideRole(transactions, announce, modelsDir),
      firstSight: new FirstSight(transactions, announce, log, modelsDir),
    };
  }

  const write = (version: string, role: 'primary' | 'shadow' | 'candidate' = 'shadow') =>
    writeModelVersion(modelsDir, { version, role });

  const look = () => replicas[0].firstSight.look();

  function decide(
    decision: Decision,
    version: string,
    more: { expectedRevision?: number; dryRun?: boolean } = {},
    replica = 0,
  ): Promise<DecisionOutcome> {
    const { roles } = replicas[replica === 0 ? 0 : 1];
    const request = { name, version, decision, reason: 'a test said so', ...more };
    return roles.decide(request, { subject: 'op-1', roles: ['operator'] });
  }

  async function standing(): Promise<Record<string, string>> {
    const models = await modelStatus(replicas[0].source.manager, await readModelsFolder(modelsDir));
    return Object.fromEntries(models.flatMap(({ versions }) => versions.map(({ version, role }) => [version, role])));
  }

  async function said<T>(topic: string): Promise<T[]> {
    const rows = await replicas[0].source.query<{ value: string }[]>(
      'select value from outbox where topic = $1 order by row_id',
      [topic],
    );
    return rows.map(({ value }) => JSON.parse(value) as T);
  }

  const announced = () => said<ModelRoleChanged>('model.role-changed.v1');

  describe('at first sight', () => {
    it('are their manifests’, once, however many replicas look', async () => {
      await write('1.0.0', 'primary');
      await write('1.1.0', 'shadow');
      await write('1.2.0', 'candidate');
      const looks = await Promise.all(replicas.flatMap(({ firstSight }) => [firstSight.look(), firstSight.look()]));
      expect(looks.reduce((sum, count) => sum + count)).toBe(3);
      expect(await standing()).toEqual({ '1.0.0': 'primary', '1.1.0': 'shadow', '1.2.0': 'candidate' });
      expect(await announced()).toHaveLength(3);
      expect((await announced()).every(({ primary }) => primary === '1.0.0')).toBe(true);
    });

    it('are at most one primary: the highest of several that claim it, and never one beside a primary', async () => {
      await write('1.9.0', 'primary');
      await write('1.10.0', 'primary');
      await look();
      expect(await standing()).toEqual({ '1.9.0': 'candidate', '1.10.0': 'primary' });
      await write('2.0.0', 'primary');
      await look();
      expect(await standing()).toMatchObject({ '1.10.0': 'primary', '2.0.0': 'candidate' });
      const audit = (await said<AuditRecorded>('audit.recorded.v1')).at(-1);
      expect(audit).toMatchObject({
        outcomeText: 'its manifest says primary, but 1.10.0 is',
        entities: [{ kind: 'model', id: 'test-reader@2.0.0', detail: 'unknown → candidate' }],
      });
    });

    it('are candidates where what the manifest’s part needs is not there', async () => {
      const folder = await write('1.0.0', 'primary');
      await rm(join(folder, 'gates.json'));
      await writeModelVersion(modelsDir, { version: '1.1.0', role: 'shadow' }, []);
      await look();
      expect(await standing()).toEqual({ '1.0.0': 'candidate', '1.1.0': 'candidate' });
    });

    it('are not taken from a malformed manifest, which is one log line and stops nothing', async () => {
      await write('1.0.0', 'primary');
      await writeFile(join(await write('1.1.0'), 'model.json'), '{');
      await look();
      await look();
      expect(await standing()).toEqual({ '1.0.0': 'primary' });
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain('test-reader-1.1.0');
    });
  });

  describe('decided', () => {
    beforeEach(async () => {
      await write('1.0.0', 'primary');
      await write('1.1.0', 'shadow');
      await write('1.2.0', 'candidate');
      await look();
    });

    it('swap in one decision: two messages of one time, and one audit event', async () => {
      const outcome = await decide('promote', '1.1.0');
      expect(outcome).toMatchObject({ kind: 'decided', revision: 4 });
      expect(await standing()).toMatchObject({ '1.0.0': 'retired', '1.1.0': 'primary' });
      const [old, successor] = (await announced()).slice(-2);
      expect(old).toMatchObject({ model: { version: '1.0.0' }, role: 'retired', primary: '1.1.0', decidedBy: 'op-1' });
      expect(successor).toMatchObject({ model: { version: '1.1.0' }, role: 'primary', primary: '1.1.0' });
      expect(successor?.decidedAt).toBe(old?.decidedAt);
      expect((await said<AuditRecorded>('audit.recorded.v1')).at(-1)).toMatchObject({
        type: { code: 'model-role-changed' },
        outcome: '0',
        outcomeText: 'a test said so',
        agent: { kind: 'person', name: 'op-1', role: 'operator' },
        entities: [
          { id: 'test-reader@1.0.0', detail: 'primary → retired' },
          { id: 'test-reader@1.1.0', detail: 'shadow → primary' },
        ],
      });
    });

    it('are compared: what a shadow says is kept beside what the primary said, and counted', async () => {
      const tell = (n: number, version: string, role: 'primary' | 'shadow', present: boolean | 'failed') =>
        inTransaction(replicas[0].source, (tx) => recordReading(tx, reading(`1.2.${n}`, version, role, present)));
      await tell(1, '1.0.0', 'primary', true);
      await tell(1, '1.1.0', 'shadow', true);
      await tell(2, '1.1.0', 'shadow', false);
      await tell(2, '1.0.0', 'primary', true);
      await tell(3, '1.0.0', 'primary', true);
      await tell(3, '1.1.0', 'shadow', 'failed');
      await tell(4, '1.1.0', 'shadow', true);
      const agreement = async () =>
        (await modelStatus(replicas[0].source.manager, await readModelsFolder(modelsDir)))[0]?.versions.find(
          ({ version }) => version === '1.1.0',
        )?.agreement;
      expect(await agreement()).toEqual({ studies: 2, agreed: 1 });
      await tell(3, '1.1.0', 'shadow', true);
      await tell(3, '1.1.0', 'shadow', 'failed');
      await decide('promote', '1.1.0');
      expect(await agreement()).toEqual({ studies: 3, agreed: 2 });
    });

    it('are told again at every start, so that a hearer who lost everything has the whole picture', async () => {
      await decide('promote', '1.1.0');
      await decide('rollback', '1.1.0');
      const [{ source }] = replicas;
      await source.query('update outbox set published_at = now()');
      const outbox = new PostgresOutbox('audit-monitor');
      expect(await inTransaction(source, (tx) => retellRoles(tx, outbox))).toBe(3);
      const again = await source.query<{ value: string }[]>('select value from outbox where published_at is null');
      for (const { value } of again)
        await inTransaction(ingest, (tx) => projectRole(tx, JSON.parse(value) as ModelRoleChanged));
      const { versions } = await readModelsFolder(modelsDir);
      const manifests = versions.map(({ manifest }) => manifest);
      const heard = standingRoles(manifests, await heardRoles(ingest.manager));
      const truth = Object.entries(await standing()).map(([version, role]) => [`${name}@${version}`, role]);
      expect(Object.fromEntries(heard)).toEqual(Object.fromEntries(truth));
    });

    it('roll back to the primary before, in one decision', async () => {
      await decide('promote', '1.1.0');
      expect(await decide('rollback', '1.1.0')).toMatchObject({ kind: 'decided' });
      expect(await standing()).toMatchObject({ '1.0.0': 'primary', '1.1.0': 'rolled-back' });
      expect(await decide('rollback', '1.0.0')).toMatchObject({ kind: 'refused', why: 'illegal' });
    });

    it('never leave a model without a primary', async () => {
      expect(await decide('retire', '1.0.0')).toMatchObject({ kind: 'refused', why: 'illegal' });
      const [{ source }] = replicas;
      await expect(source.query(`update model_role set role = 'retired' where version = '1.0.0'`)).rejects.toThrow(
        'without a primary',
      );
      await expect(source.query(`update model_role set role = 'primary'`)).rejects.toThrow('model_has_one_primary');
      await expect(source.query('delete from model_decision')).rejects.toThrow('append-only');
    });

    it('are refused without the evidence that the manifest names, file by file', async () => {
      const folder = join(modelsDir, 'test-reader-1.1.0');
      await rm(join(folder, 'card.json'));
      await appendFile(join(folder, 'golden.json'), ' ');
      await appendFile(join(folder, '1/model.onnx'), ' ');
      const refusal = await decide('promote', '1.1.0');
      expect(refusal).toMatchObject({ kind: 'refused', why: 'evidence' });
      expect(refusal.kind === 'refused' ? refusal.missing : []).toEqual([
        '1/model.onnx is not the file whose sha256 the manifest names',
        'golden.json is not the file whose sha256 the manifest names',
        'card.json is not there',
      ]);
      expect(await standing()).toMatchObject({ '1.0.0': 'primary', '1.1.0': 'shadow' });
      expect((await said<AuditRecorded>('audit.recorded.v1')).at(-1)).toMatchObject({ outcome: '4' });
    });

    it('are refused where the manifest names none, or is not the one first seen, or is gone', async () => {
      await writeModelVersion(modelsDir, { version: '2.0.0', role: 'candidate' }, []);
      await look();
      expect(await decide('shadow', '2.0.0')).toMatchObject({ missing: ['the manifest names no golden'] });
      await writeModelVersion(modelsDir, { version: '1.1.0', role: 'shadow', title: 'Another' });
      expect(await decide('promote', '1.1.0')).toMatchObject({
        missing: ['model.json is not the one that was first seen: a change is a new version'],
      });
      await rm(join(modelsDir, 'test-reader-1.1.0'), { recursive: true });
      expect(await decide('promote', '1.1.0')).toMatchObject({ missing: ['no folder with its model.json'] });
    });

    it('are refused when somebody decided meanwhile, and left alone by a dry run', async () => {
      const before = (await announced()).length;
      expect(await decide('promote', '1.1.0', { expectedRevision: 3, dryRun: true })).toMatchObject({
        kind: 'would-be',
        moves: [{ version: '1.0.0' }, { version: '1.1.0', to: 'primary' }],
      });
      expect(await announced()).toHaveLength(before);
      await decide('shadow', '1.2.0');
      expect(await decide('promote', '1.1.0', { expectedRevision: 3 })).toMatchObject({ why: 'stale' });
    });
  });

  it('are one primary at every look while two replicas are told to promote, retire and roll back at once', async () => {
    const versions = ['1.0.0', '1.1.0', '1.2.0'];
    await write('1.0.0', 'primary');
    await write('1.1.0', 'shadow');
    await write('1.2.0', 'shadow');
    await look();
    const kinds: Decision[] = ['promote', 'promote', 'retire', 'rollback', 'shadow'];
    let racing = true;
    const counts: number[] = [];
    const watching = (async () => {
      while (racing) {
        const [row] = await replicas[1].source.query<{ n: number }[]>(
          `select count(*)::int as n from model_role where role = 'primary'`,
        );
        counts.push(row?.n ?? -1);
      }
    })();
    const outcomes: DecisionOutcome[] = [];
    for (let round = 0; round < 6; round += 1)
      outcomes.push(
        ...(await Promise.all(
          Array.from({ length: 20 }, (_, n) =>
            decide(kinds[(n + round) % kinds.length] ?? 'promote', versions[(n * 7 + round) % 3] ?? '', {}, n % 2),
          ),
        )),
      );
    racing = false;
    await watching;

    expect(counts.length).toBeGreaterThan(10);
    expect(new Set(counts)).toEqual(new Set([1]));
    const decided = outcomes.filter(({ kind }) => kind === 'decided');
    expect(decided.length).toBeGreaterThan(5);
    expect(outcomes.every((one) => one.kind === 'decided' || (one.kind === 'refused' && one.why === 'illegal'))).toBe(
      true,
    );
    await historyHolds(3 + decided.length);
    await everyOrderIsHeardAlike();
  }, 120_000);

  /** Each decision starts where the one before ended, revisions have no gap, times only grow. */
  async function historyHolds(revisions: number): Promise<void> {
    const rows = await replicas[0].source.query<
      { revision: number; version: string; from_role: string | null; to_role: string; decided_at: Date }[]
    >('select * from model_decision order by revision, version');
    const roles = new Map<string, string>();
    for (const { version, from_role, to_role } of rows) {
      expect(roles.get(version) ?? null).toBe(from_role);
      roles.set(version, to_role);
    }
    expect(Object.fromEntries(roles)).toEqual(await standing());
    const times = [...Map.groupBy(rows, ({ revision }) => revision)].map(([revision, [row]]) => ({
      revision,
      at: row?.decided_at,
    }));
    expect(times.map(({ revision }) => revision)).toEqual(Array.from({ length: revisions }, (_, n) => n + 1));
    expect(times.every(({ at }, n) => n === 0 || Number(at) > Number(times[n - 1]?.at))).toBe(true);
  }

  /** Replayed in any order, whole or half heard, dicom-ingest sees one primary from the first word on, and ends alike. */
  async function everyOrderIsHeardAlike(): Promise<void> {
    const messages = await announced();
    const { versions } = await readModelsFolder(modelsDir);
    const manifests = versions.map(({ manifest }) => manifest);
    const truth = await standing();
    for (let seed = 1; seed <= 5; seed += 1) {
      await ingest.query('truncate model_role');
      for (const message of [...shuffled(messages, seed), ...messages.slice(0, 3)]) {
        await inTransaction(ingest, (tx) => projectRole(tx, message));
        const heard = standingRoles(manifests, await heardRoles(ingest.manager));
        expect([...heard.values()].filter((role) => role === 'primary')).toHaveLength(1);
      }
      const heard = standingRoles(manifests, await heardRoles(ingest.manager));
      for (const [version, role] of Object.entries(truth)) expect(heard.get(`${name}@${version}`)).toBe(role);
    }
  }
});

function reading(
  studyInstanceUid: string,
  version: string,
  role: 'primary' | 'shadow',
  present: boolean | 'failed',
): InferenceCompleted {
  const findings = [{ key: 'pneumonia', presence: present === true ? 'present' : 'absent' }];
  const outcome =
    present === 'failed'
      ? { kind: 'failed', failure: { kind: 'defect', message: 'x' } }
      : { kind: 'findings', findings };
  // Only what a comparison looks at.
  return { study: { studyInstanceUid, revision: 1 }, model: { name, version }, role, outcome } as InferenceCompleted;
}

/** Sorted by numbers of a seeded generator (mulberry32), so that a failure can be repeated. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  let state = seed;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const keyed = items.map((item) => ({ item, at: random() }));
  return keyed.toSorted((one, other) => one.at - other.at).map(({ item }) => item);
}
