import { cp, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { InferenceCompleted, ModelManifest } from '@sightline/contracts';
import { Kafka as Broker } from 'kafkajs';
import { missingEvidence } from '../../apps/audit-monitor/src/missing-evidence.ts';
import { KubernetesTools } from '../../tools/check/kubernetes-tools.ts';
import { root } from '../../tools/check/steps.ts';
import { type Ingest, startIngest } from '../../tools/corpus/start-ingest.ts';
import { derivedUid } from '../../tools/evaluate/wrap-image.ts';
import { Child } from '../../tools/sandbox/parts/child.ts';
import {
  freePort,
  type Kafka,
  type Postgres,
  startKafka,
  startPostgres,
  storescu,
  type TemporaryDirectory,
  temporaryDirectory,
  waitFor,
} from '../support/index.ts';
import { addModel, brightImage, model } from './add-a-model.ts';
import { lastStepOfModality, modality } from './add-a-modality.ts';
import { Checkout } from './checkout.ts';
import { namesInSteps } from './numbered-steps.ts';

jest.setTimeout(240_000);

const bin = (path: string): string => join('node_modules', path);

describe('CONTRIBUTING, followed for a model and a worker that are thrown away,', () => {
  let directory: TemporaryDirectory;
  let checkout: Checkout;
  let kafka: Kafka;
  let postgres: Postgres;
  let ingest: Ingest | undefined;
  let worker: Child | undefined;
  let contributing: string;

  beforeAll(async () => {
    directory = await temporaryDirectory('contributing');
    contributing = await readFile(join(root, 'CONTRIBUTING.md'), 'utf8');
    const servers = Promise.all([
      startKafka({ directory: join(directory.path, 'kafka') }),
      startPostgres({ directory: join(directory.path, 'postgres') }),
    ]);
    checkout = await Checkout.copyTo(join(directory.path, 'checkout'));
    for (const { follow } of [...modality, ...addModel]) await follow(checkout);
    [kafka, postgres] = await servers;
  });

  afterAll(async () => {
    await Promise.all([worker?.stop(), ingest?.child.stop()]);
    await Promise.all([kafka?.stop(), postgres?.stop()]);
    await directory?.remove();
  });

  it('has no step, and names nothing in one, that is not followed here', () => {
    expect(namesInSteps(contributing, 'Add a model')).toEqual(addModel.map(({ names }) => names));
    const followed = [...modality.map(({ names }) => names), lastStepOfModality];
    expect(namesInSteps(contributing, 'Add a modality')).toEqual(followed);
  });

  it('passes the gates: types, import rules, generated documents, k8s/, build', async () => {
    const rules = ['--config', '.dependency-cruiser.mjs', 'apps/mr-worker', 'libs', 'tools/evaluate'];
    await Promise.all([
      checkout.node(bin('typescript/bin/tsc'), '--noEmit'),
      checkout.node(bin('dependency-cruiser/bin/dependency-cruiser.mjs'), ...rules),
      checkout.node('--import', 'tsx', 'tools/generators/generate-contracts.ts', '--check'),
      checkout.node('--import', 'tsx', 'tools/check/kubernetes.ts'),
      checkout.node(bin('@nestjs/cli/bin/nest.js'), 'build', 'mr-worker'),
    ]);
  });

  it('lacks no evidence for a part before patients, and is listed', async () => {
    const path = join(checkout.path, 'models', model);
    const manifest = JSON.parse(await checkout.read(`models/${model}/model.json`)) as ModelManifest;
    expect(await missingEvidence({ path, manifest, manifestSha256: '' }, 'primary')).toEqual([]);
    expect(await checkout.read('models/README.md')).toMatch(new RegExp(`${model}.*\\| mr \\|.*bright: auroc 1`));
  });

  it('has all the resources of a worker, its name wherever the template has none', async () => {
    const tools = await KubernetesTools.prepare();
    if (typeof tools === 'string') throw new Error(tools);
    const { output } = await tools.build(join(checkout.path, 'k8s/overlays/prod'));
    const own = output.split(/^---$/m).filter((resource) => /^ {2}name: mr-worker/m.test(resource));
    expect(own.map((resource) => /^kind: (.*)$/m.exec(resource)?.[1] ?? '').toSorted()).toEqual([
      'ConfigMap',
      'Deployment',
      'PodDisruptionBudget',
      'ScaledObject',
      'Service',
      'ServiceAccount',
      'TriggerAuthentication',
    ]);
    expect(own.join()).not.toMatch(/WORKER|xray/);
  });

  it('is ready without a model and says so, then takes up one', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const modelsDir = join(checkout.path, 'models');
    const elsewhere = join(directory.path, 'models');
    const answer = async () => (await fetch(`${url}/health/ready`)).json();
    worker = new Child({
      name: 'mr-worker',
      command: process.execPath,
      args: ['--enable-source-maps', join(checkout.path, 'dist/apps/mr-worker/main.js')],
      environment: {
        NODE_OPTIONS: '',
        HTTP_PORT: String(port),
        DATABASE_URL: await postgres.createDatabase('mr-worker'),
        KAFKA_BROKERS: kafka.brokers.join(','),
        OBJECT_STORE_URL: pathToFileURL(join(directory.path, 'objects')).href,
        OIDC_ISSUER: 'http://127.0.0.1:9',
        MODELS_DIR: elsewhere,
        MODELS_POLL_MS: '200',
      },
      logFile: join(directory.path, 'mr-worker.log'),
      directory: directory.path,
      ports: [port],
      isReady: async () => (await fetch(`${url}/health/ready`)).ok,
      deadlineMs: 60_000,
    });
    await cp(join(modelsDir, 'chest-xray-paediatric'), join(elsewhere, 'chest-xray-paediatric'), { recursive: true });
    await worker.start();
    expect(await answer()).toMatchObject({ status: 'ready', remarks: { models: 'no model is for worker mr' } });
    await cp(join(modelsDir, model), join(elsewhere, `.${model}`), { recursive: true });
    await rename(join(elsewhere, `.${model}`), join(elsewhere, model));
    await waitFor(async () => {
      expect(await answer()).toMatchObject({ status: 'ready', remarks: {} });
      return (await readFile(join(directory.path, 'mr-worker.log'), 'utf8')).includes('model-serving');
    });
  });

  it('reads a study that comes by C-STORE and is routed to it', async () => {
    ingest = await startIngest({
      directory: directory.path,
      repository: checkout.path,
      databaseUrl: await postgres.createDatabase('dicom-ingest'),
      brokers: kafka.brokers,
      objectStoreUrl: pathToFileURL(join(directory.path, 'objects')).href,
      modelsDir: join(checkout.path, 'models'),
    });
    await checkout.write('study.dcm', brightImage('a study'));
    expect(await storescu(ingest.dicom, [join(checkout.path, 'study.dcm')])).toMatchObject({ code: 0 });
    const completed = await nextAnswer();
    expect(completed).toMatchObject({
      study: { studyInstanceUid: derivedUid('a study/study'), modalities: ['MR'] },
      model: { name: model },
      outcome: { kind: 'findings', findings: [{ key: 'bright', presence: 'present' }] },
    });
  });

  async function nextAnswer(): Promise<InferenceCompleted> {
    const consumer = new Broker({ brokers: kafka.brokers, clientId: 'test', logLevel: 0 }).consumer({
      groupId: 'test',
    });
    const said: InferenceCompleted[] = [];
    try {
      await consumer.connect();
      await consumer.subscribe({ topics: ['inference.completed.v1'], fromBeginning: true });
      await consumer.run({
        eachMessage: async ({ message }) => void said.push(JSON.parse(String(message.value)) as InferenceCompleted),
      });
      return await waitFor(() => said[0], { timeout: 60_000, what: 'inference.completed' });
    } finally {
      await consumer.disconnect();
    }
  }
});
