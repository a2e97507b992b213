import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Instance } from '@sightline/contracts';
import { readModelsFolder } from '@sightline/models';
import { type DataSource, inTransaction, openDatabase, PostgresOutbox } from '@sightline/persistence';
import { createLogger } from '@sightline/platform';
import { AnnounceDecision } from '../../apps/audit-monitor/src/announce-decision.ts';
import { FirstSight } from '../../apps/audit-monitor/src/first-sight.ts';
import { modelMigrations } from '../../apps/audit-monitor/src/model-migrations.ts';
import { modelStatus } from '../../apps/audit-monitor/src/model-status.ts';
import { trailMigrations } from '../../apps/audit-monitor/src/trail-migrations.ts';
import { ModelShelf as IngestShelf } from '../../apps/dicom-ingest/src/model-shelf.ts';
import { routeStudy } from '../../apps/dicom-ingest/src/route-study.ts';
import { standingRoles } from '../../apps/dicom-ingest/src/standing-roles.ts';
import { filingMigrations } from '../../apps/fhir-writer/src/filing-migrations.ts';
import { KnownModels } from '../../apps/fhir-writer/src/reports/known-models.ts';
import { ModelShelf as ReadingShelf } from '../../apps/reading-room/src/model-shelf.ts';
import { startPostgres, type Postgres, temporaryDirectory, type TemporaryDirectory } from '../support/index.ts';
import { writeModelVersion } from '../support/write-model-version.ts';

const name = 'test-reader';
const versions = ['1.0.0', '1.1.0', '2.0.0'];

/** What a worker serves of it is said in libs/inference. */
describe('versions side by side, one in a folder of its own and two below their model', () => {
  const lines: string[] = [];
  const log = createLogger('test', 'warn', { write: (line) => lines.push(line) });
  const sources: DataSource[] = [];
  let directory: TemporaryDirectory;
  let postgres: Postgres;
  let models: string;

  beforeAll(async () => {
    directory = await temporaryDirectory('side-by-side');
    postgres = await startPostgres({ directory: join(directory.path, 'postgres') });
    models = join(directory.path, 'models');
    await writeModelVersion(models, { version: '1.0.0', role: 'primary' });
    for (const version of ['1.1.0', '2.0.0']) {
      const folder = await writeModelVersion(join(models, 'readers'), { version, role: 'shadow' });
      await writeFile(join(folder, 'MODEL_CARD.md'), `# Reader ${version}`);
    }
  });

  afterAll(async () => {
    await Promise.all(sources.map((source) => source.destroy()));
    await postgres?.stop();
    await directory.remove();
    expect(lines).toEqual([]);
  });

  async function open(app: string, migrations: Parameters<typeof openDatabase>[0]['migrations']): Promise<DataSource> {
    const source = await openDatabase({ url: await postgres.createDatabase(app), app, entities: [], migrations });
    sources.push(source);
    return source;
  }

  it('are all asked, each in the part its manifest names', async () => {
    const { manifests } = await IngestShelf.open(models, log);
    const instance = { sopInstanceUid: '1.2.3', modality: 'DX', sha256: 'a' } as unknown as Instance;
    const routes = routeStudy([instance], manifests, standingRoles(manifests, []));
    expect(routes.map(({ model, role }) => `${model.version} ${role}`).toSorted()).toEqual([
      '1.0.0 primary',
      '1.1.0 shadow',
      '2.0.0 shadow',
    ]);
  });

  it('are all given their part by audit-monitor, with their evidence', async () => {
    const source = await open('audit_monitor', [...trailMigrations, ...modelMigrations]);
    const transactions = { run: <T>(work: Parameters<typeof inTransaction<T>>[1]) => inTransaction(source, work) };
    const announce = new AnnounceDecision(new PostgresOutbox('audit-monitor'));
    expect(await new FirstSight(transactions, announce, log, models).look()).toBe(3);
    expect(await modelStatus(source.manager, await readModelsFolder(models))).toMatchObject([
      {
        versions: [
          { version: '2.0.0', role: 'shadow', missing: [] },
          { version: '1.1.0', role: 'shadow', missing: [] },
          { version: '1.0.0', role: 'primary', missing: [] },
        ],
      },
    ]);
  });

  it('are all known to fhir-writer and the reading room, with their cards', async () => {
    const known = new KnownModels(models, await open('fhir_writer', filingMigrations), log);
    const shelf = new ReadingShelf(models);
    for (const version of versions) {
      const card = version === '1.0.0' ? undefined : `# Reader ${version}`;
      expect(await known.find({ name, version })).toMatchObject({ manifest: { version }, card });
      expect(await shelf.find({ name, version })).toMatchObject({ version });
      expect(await shelf.card({ name, version })).toBe(card);
    }
  });
});
