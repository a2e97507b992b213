import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { InferenceRequested, ModelRole, ModelRoleChanged } from '@sightline/contracts';
import { connectKafka, ensureTopics, toEvent } from '@sightline/messaging';
import { modelFolders } from '@sightline/models';
import { createLogger } from '@sightline/platform';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { storescu, waitFor } from '../../../test/support/index.ts';
import { writeModelVersion } from '../../../test/support/write-model-version.ts';
import { type IngestParts, radiograph, startIngestParts, writeInstance } from '../../../tools/corpus/ingest-parts.ts';
import type { Ingest } from '../../../tools/corpus/start-ingest.ts';

let parts: IngestParts;
let ingest: Ingest;
let say: (version: string, role: ModelRole, primary?: string, name?: string) => Promise<void>;
let stopSaying: () => Promise<void>;
let decisions = 0;

beforeAll(async () => {
  parts = await startIngestParts();
  ingest = await parts.start({ environment: { REQUEST_DEADLINE_MS: '1500' } });
  const log = createLogger('test', 'error', { write: () => undefined });
  const kafka = connectKafka(parts.options.brokers, 'test', log);
  await ensureTopics(kafka);
  const producer = kafka.producer();
  await producer.connect();
  stopSaying = () => producer.disconnect();
  say = async (version, role, primary, name = 'test-reader') => {
    decisions += 1;
    const body: ModelRoleChanged = {
      model: { name, version },
      worker: 'xray',
      role,
      decidedBy: 'op-1',
      decidedAt: new Date(Date.UTC(2026, 0, 1) + decisions).toISOString(),
      ...(primary === undefined ? {} : { primary }),
    };
    const topic = 'model.role-changed.v1';
    const { key, headers, value } = toEvent('audit-monitor', topic, body);
    await producer.send({ topic, messages: [{ key, value, headers: { ...headers } }] });
    await waitFor(async () => {
      const { rows } = await parts.db.query(
        'select 1 from model_role where name = $1 and version = $2 and decided_at = $3',
        [name, version, body.decidedAt],
      );
      return rows.length === 1;
    });
  };
}, 180_000);

afterAll(async () => {
  await stopSaying?.();
  await parts?.stop();
});

async function send(dataset = radiograph()): Promise<string> {
  const path = await writeInstance(parts.directory, dataset);
  expect((await storescu(ingest.dicom, [path], ['-R'])).code).toBe(0);
  await waitFor(async () => (await parts.outbox('study.received.v1', dataset.StudyInstanceUID)).length > 0);
  return dataset.StudyInstanceUID;
}

async function asked(studyInstanceUid: string): Promise<string[]> {
  const said = await parts.outbox('inference.requested.xray.v1', studyInstanceUid);
  return said.map(({ body: { model, role } }) => `${model.version} ${role}`).toSorted();
}

const lastRequest = async (uid: string): Promise<InferenceRequested | undefined> =>
  (await parts.outbox('inference.requested.xray.v1', uid)).at(-1)?.body;

describe('the role on a request', () => {
  it('is the manifest’s while nobody has said anything of the model', async () => {
    expect(await asked(await send())).toEqual(['1.0.0 primary']);
  });

  it('is what was said, from the first word on; a version that appears is routed to once it is heard of', async () => {
    await writeModelVersion(parts.directory, { version: '1.1.0', role: 'primary' });
    await mkdir(join(parts.options.modelsDir, 'test-readers'));
    await rename(join(parts.directory, 'test-reader-1.1.0'), join(parts.options.modelsDir, 'test-readers/1.1.0'));
    await say('1.0.0', 'primary', '1.0.0');
    expect(await asked(await send())).toEqual(['1.0.0 primary']);
    await say('1.1.0', 'shadow', '1.0.0');
    await waitFor(async () => (await asked(await send())).length === 2, { timeout: 20_000 });
    expect(await asked(await send())).toEqual(['1.0.0 primary', '1.1.0 shadow']);
  });

  it('is final: a request said again after a promotion is the same request', async () => {
    const before = await send();
    await say('1.1.0', 'primary', '1.1.0');
    const repeated = `select count(*)::int as n from request where study_instance_uid = $1 and emissions > 1`;
    await waitFor(async () => (await parts.db.query<{ n: number }>(repeated, [before])).rows[0]?.n === 2);
    expect(await asked(before)).toEqual(['1.0.0 primary', '1.1.0 shadow']);
  });

  it('is one primary between the two words of a swap', async () => {
    // Only "1.1.0 is primary" was heard so far, not that 1.0.0 made way.
    expect(await asked(await send())).toEqual(['1.1.0 primary']);
    await say('1.0.0', 'retired', '1.1.0');
    expect(await asked(await send())).toEqual(['1.1.0 primary']);
  });

  it('is not asked for again as a shadow, but as primary where only the shadow was asked', async () => {
    const dataset = radiograph();
    await say('1.0.0', 'shadow', '1.1.0');
    const uid = await send(dataset);
    expect(await asked(uid)).toEqual(['1.0.0 shadow', '1.1.0 primary']);
    await say('1.1.0', 'rolled-back', '1.0.0');
    await say('1.0.0', 'primary', '1.0.0');
    // Another kind of image opens a revision; what the reader is shown stays the same.
    await send(radiograph({ StudyInstanceUID: uid, Modality: 'US', SOPClassUID: '1.2.840.10008.5.1.4.1.1.6.1' }));
    await waitFor(async () => (await lastRequest(uid))?.study.revision === 2);
    expect(await lastRequest(uid)).toMatchObject({ model: { version: '1.0.0' }, role: 'primary' });
    expect(await asked(uid)).toHaveLength(3);
  });

  it('may be shadow alone: the study is said to be read by no model, and the shadow runs', async () => {
    await writeModelVersion(parts.options.modelsDir, { name: 'new-reader', version: '1.0.0', role: 'candidate' });
    await say('1.0.0', 'candidate', undefined, 'test-reader');
    await say('1.0.0', 'shadow', undefined, 'new-reader');
    await waitFor(async () => (await asked(await send())).includes('1.0.0 shadow'), { timeout: 20_000 });
    const uid = await send();
    expect(await asked(uid)).toEqual(['1.0.0 shadow']);
    const [answer] = await parts.outbox('inference.completed.v1', uid);
    expect(answer?.body).toMatchObject({ role: 'primary', outcome: { kind: 'skipped', reason: 'no-model' } });
  });

  it('does not depend on a manifest that is spoilt while the app runs', async () => {
    await say('1.0.0', 'primary', '1.0.0');
    for (const folder of await modelFolders(parts.options.modelsDir)) await writeFile(join(folder, 'model.json'), '{');
    await waitFor(async () => (await parts.log()).includes('model-refused'), { timeout: 20_000 });
    expect(await asked(await send())).toContain('1.0.0 primary');
  });
});
