import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type Rig, startRig } from '../../../test/e2e/reading-room.rig.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { writeModelVersion } from '../../../test/support/write-model-version.ts';

const repository = join(import.meta.dirname, '../../..');

describe('the life cycle of models over HTTP and from the command line', () => {
  let directory: TemporaryDirectory;
  let rig: Rig;
  let db: pg.Client;

  beforeAll(async () => {
    directory = await temporaryDirectory('models');
    await writeModelVersion(directory.path, { version: '1.0.0', role: 'primary' });
    await writeModelVersion(directory.path, { version: '1.1.0', role: 'shadow' });
    rig = await startRig('audit-monitor', { MODELS_DIR: directory.path, MODELS_POLL_MS: '100' });
    db = new pg.Client({ connectionString: rig.adminDatabaseUrl });
    await db.connect();
    await waitFor(async () => Object.keys(await roles()).length === 2);
  }, 300_000);

  afterAll(async () => {
    await db?.end();
    await rig?.stop();
    await directory.remove();
  });

  async function roles(): Promise<Record<string, string>> {
    const { rows } = await db.query<{ version: string; role: string }>('select version, role from model_role');
    return Object.fromEntries(rows.map(({ version, role }) => [version, role]));
  }

  async function ask(
    path: string,
    {
      as = 'operator',
      body,
      ifMatch,
    }: { as?: 'operator' | 'compliance' | 'clinician' | 'nobody'; body?: unknown; ifMatch?: string } = {},
  ): Promise<{ status: number; type: string | undefined; body: { detail?: string; missing?: string[] } }> {
    const response = await fetch(`${rig.url}/${path}`, {
      headers: {
        'content-type': 'application/json',
        ...(as === 'nobody' ? {} : { authorization: `Bearer ${await rig.identityProvider.token(as)}` }),
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    const type = response.headers.get('content-type')?.split(';')[0];
    return { status: response.status, type, body: (await response.json()) as { detail?: string } };
  }

  /** `npm run model -- …` as people run it: a process of its own. */
  async function model(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const script = join(repository, 'tools/model/model.ts');
    const env = {
      ...process.env,
      NODE_OPTIONS: '',
      NODE_NO_WARNINGS: '1',
      SIGHTLINE_URL: rig.url,
      SIGHTLINE_TOKEN: await rig.identityProvider.token('operator'),
    };
    try {
      const run = await promisify(execFile)(process.execPath, ['--import', 'tsx', script, ...args], { env });
      return { code: 0, out: run.stdout.trim(), err: run.stderr.trim() };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, out: stdout.trim(), err: stderr.trim() };
    }
  }

  it('opens to operators, to compliance for reading, and to nobody else', async () => {
    const decision = { body: { reason: 'x' } };
    const promote = 'models/test-reader/versions/1.1.0/promote';
    const problem = (status: number, title: string) => ({
      status,
      type: 'application/problem+json',
      body: { status, title },
    });
    expect(await ask('models', { as: 'nobody' })).toEqual(problem(401, 'Unauthorized'));
    expect(await ask('models', { as: 'clinician' })).toEqual(problem(403, 'Forbidden'));
    expect(await ask('models', { as: 'compliance' })).toMatchObject({ status: 200, type: 'application/json' });
    expect((await ask('models')).status).toBe(200);
    expect((await ask(promote, { ...decision, as: 'nobody' })).status).toBe(401);
    expect((await ask(promote, { ...decision, as: 'compliance' })).status).toBe(403);
    expect(await roles()).toEqual({ '1.0.0': 'primary', '1.1.0': 'shadow' });
  });

  it.each([
    ['models/test-reader/versions/1.1.0/demote', { reason: 'x' }, undefined, 404, /one of shadow, promote/],
    ['models/test-reader/versions/9.9.9/promote', { reason: 'x' }, undefined, 404, /not known here/],
    ['models/nobody/versions/1.0.0/promote', { reason: 'x' }, undefined, 404, /no model nobody/],
    ['models/test-reader/versions/1.1.0/promote', {}, undefined, 400, /reason/],
    ['models/test-reader/versions/1.1.0/promote', { reason: ' ' }, undefined, 400, /reason/],
    ['models/test-reader/versions/1.1.0/promote', { reason: 'x', force: true }, undefined, 400, /force/],
    ['models/test-reader/versions/1.1.0/promote', { reason: 'x' }, 'W/"2"', 400, /If-Match/],
    ['models/test-reader/versions/1.1.0/promote', { reason: 'x' }, '"1"', 412, /at revision 2, not 1/],
    ['models/test-reader/versions/1.0.0/retire', { reason: 'x' }, undefined, 409, /is primary/],
  ])('POST %s %j: a problem in one sentence', async (path, body, ifMatch, status, detail) => {
    const answer = await ask(path, { body, ...(ifMatch === undefined ? {} : { ifMatch }) });
    expect(answer).toMatchObject({
      status,
      type: 'application/problem+json',
      body: { status, title: expect.any(String), detail: expect.stringMatching(detail) },
    });
  });

  it('is shown and decided from the command line without a restart, and told on the broker and in the trail', async () => {
    expect((await model('status')).out).toMatch(/test-reader +1\.1\.0 +shadow .* complete\n.* 1\.0\.0 +primary/);
    const dry = await model('promote', 'test-reader@1.1.0', '--reason', 'weeks as a shadow', '--dry-run');
    expect(dry).toMatchObject({ code: 0, out: expect.stringContaining('dry run: nothing was changed') });
    expect(await roles()).toEqual({ '1.0.0': 'primary', '1.1.0': 'shadow' });

    const promoted = await model('promote', 'test-reader@1.1.0', '--reason', 'weeks as a shadow', '--json');
    expect(JSON.parse(promoted.out)).toMatchObject({
      name: 'test-reader',
      moves: [{ to: 'retired' }, { to: 'primary' }],
    });
    expect(await roles()).toEqual({ '1.0.0': 'retired', '1.1.0': 'primary' });
    expect(await model('rollback', 'test-reader', '--reason', 'it missed three')).toMatchObject({ code: 0 });
    expect(await roles()).toEqual({ '1.0.0': 'primary', '1.1.0': 'rolled-back' });

    const published = `select count(*)::int as n from outbox where topic = 'model.role-changed.v1' and published_at is not null`;
    await waitFor(async () => (await db.query<{ n: number }>(published)).rows[0]?.n === 6);
    const trail = `select canonical from audit_trail where canonical like '%it missed three%' and 'test-reader@1.1.0' = any(entities)`;
    await waitFor(async () => (await db.query(trail)).rows.length === 1);
  });

  it('takes up a version that appears while it runs', async () => {
    await writeModelVersion(directory.path, { version: '2.0.0', role: 'primary' }, ['golden']);
    await waitFor(async () => (await roles())['2.0.0'] === 'candidate');
    expect(await model('shadow', 'test-reader@2.0.0', '--reason', 'to be compared')).toMatchObject({ code: 0 });
    const refused = await model('promote', 'test-reader@2.0.0', '--reason', 'too early');
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toBe(
      'test-reader@2.0.0 cannot be primary: the manifest names no evaluation; the manifest names no gates; the manifest names no explanation; the manifest names no card',
    );
  });

  it('says in one line what is wrong, by exit codes apart', async () => {
    expect(await model('retire', 'test-reader@1.0.0', '--reason', 'x')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^test-reader@1\.0\.0 is primary: [^\n]*$/),
    });
    expect((await model('promote', 'test-reader')).code).toBe(2);
    expect(await model('status', '--url', 'http://127.0.0.1:9')).toMatchObject({
      code: 3,
      err: 'audit-monitor does not answer at http://127.0.0.1:9',
    });
  });
});
