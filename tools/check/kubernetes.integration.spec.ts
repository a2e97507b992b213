import { beforeAll, describe, expect, it } from '@jest/globals';
import { workerApps } from '@sightline/contracts';
import { workerConfigSchema } from '@sightline/inference';
import { baseConfigSchema, parseConfig } from '@sightline/platform';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { ingestConfigSchema } from '../../apps/dicom-ingest/src/config.ts';
import { configSchema as writerConfigSchema } from '../../apps/fhir-writer/src/config.ts';
import { readingRoomConfigSchema } from '../../apps/reading-room/src/reading-room-config.ts';
import { breaches, type Resource } from './kubernetes-rules.ts';
import { KubernetesTools } from './kubernetes-tools.ts';
import { root } from './steps.ts';

let tools: KubernetesTools;
let shipped = '';

beforeAll(async () => {
  const prepared = await KubernetesTools.prepare();
  if (typeof prepared === 'string') throw new Error(prepared);
  tools = prepared;
  shipped = (await tools.build(join(root, 'k8s/overlays/prod'))).output;
}, 300_000);

/** The shipped resources with one line changed; the change has to have happened. */
function spoiled(line: string | RegExp, replacement: string): string {
  const text = shipped.replace(line, replacement);
  expect(text).not.toBe(shipped);
  return text;
}

function breachesIn(yaml: string): string[] {
  return breaches(parseAllDocuments(yaml).map((document) => document.toJS() as Resource));
}

/** What a ConfigMap says; its name ends with a hash of what it says. */
function settingsIn(yaml: string, name: string): Record<string, string> {
  const map = parseAllDocuments(yaml)
    .map((document) => document.toJS() as Resource & { data?: Record<string, string> })
    .find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.replace(/-[a-z0-9]{10}$/, '') === name);
  return map?.data ?? {};
}

/** What the pod of a worker is given: seconds before it is killed, and MiB. */
const podSchema = z.object({
  terminationGracePeriodSeconds: z.number(),
  containers: z.tuple([
    z.object({
      resources: z.object({ limits: z.object({ memory: z.string() }) }),
      lifecycle: z.object({ preStop: z.object({ sleep: z.object({ seconds: z.number() }) }) }),
    }),
  ]),
  volumes: z.array(z.object({ name: z.string(), emptyDir: z.object({ sizeLimit: z.string() }).optional() })),
});

function podOf(yaml: string, app: string) {
  const resources = parseAllDocuments(yaml).map((document) => document.toJS() as Resource);
  const found = resources.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === app);
  const { spec } = z.object({ spec: z.object({ template: z.object({ spec: podSchema }) }) }).parse(found);
  const { terminationGracePeriodSeconds, containers, volumes } = spec.template.spec;
  const [{ resources: given, lifecycle }] = containers;
  return {
    seconds: terminationGracePeriodSeconds - lifecycle.preStop.sleep.seconds,
    memory: mebibytes(given.limits.memory),
    shared: mebibytes(volumes.find(({ name }) => name === 'shared-memory')?.emptyDir?.sizeLimit ?? ''),
  };
}

function mebibytes(quantity: string): number {
  const [, number, unit] = /^(\d+)(Mi|Gi)$/.exec(quantity) ?? [];
  return Number(number) * (unit === 'Gi' ? 1024 : 1);
}

describe('the checks of k8s/', () => {
  it('let what is shipped pass', () => {
    expect(breachesIn(shipped)).toEqual([]);
  });

  it.each([
    ['a misspelt field of a Deployment', 'terminationGracePeriodSeconds:', 'terminationGraceSeconds:'],
    ['a probe of the wrong type', /failureThreshold: 60/, 'failureThreshold: often'],
  ])("Kubernetes' own schemas refuse %s", async (_what, line, replacement) => {
    const deployments = spoiled(line, replacement).split(/^---$/m);
    const text = deployments.filter((document) => document.includes('kind: Deployment')).join('---');
    expect(await tools.validate(text)).toBeDefined();
  });

  it.each([
    [
      "a misspelt field of KEDA's",
      'maxReplicaCount:',
      'maxReplicas:',
      'must NOT have additional properties maxReplicas',
    ],
    ['a number where KEDA takes text', 'lagThreshold: "20"', 'lagThreshold: 20', 'must be string'],
    [
      'a topic that is not in the catalog',
      'topic: inference.requested.xray.v1',
      'topic: inference.requested.xray.v9',
      'not in the catalog',
    ],
    [
      'a group that does not read the topic',
      'consumerGroup: xray-worker',
      'consumerGroup: fhir-writer',
      'does not read',
    ],
    ['a trigger that is not there', 'type: postgresql', 'type: cron', 'has no trigger postgresql'],
    [
      'an authentication that is not there',
      /authenticationRef:\s+name: xray-worker-queue/,
      'authenticationRef:\n      name: nobody',
      'no TriggerAuthentication nobody',
    ],
    [
      'a root file system that can be written',
      'readOnlyRootFilesystem: true',
      'readOnlyRootFilesystem: false',
      'readOnlyRootFilesystem',
    ],
    ['a probe on another path', 'path: /health/ready', 'path: /ready', 'readinessProbe'],
    ['a container without requests', /requests:\n\s+cpu: 100m\n/, 'requests:\n', 'requests.cpu'],
    [
      'an image without a version',
      'image: sightline/fhir-writer:0.1.0',
      'image: sightline/fhir-writer',
      'version or a digest',
    ],
    [
      'a service that selects nothing',
      /selector:\n\s+app.kubernetes.io\/name: fhir-writer/,
      'selector:\n    app.kubernetes.io/name: nobody',
      'selects no pod',
    ],
    [
      'a ConfigMap that is not there',
      /name: fhir-writer-\w+\n(\s+)image/,
      'name: gone\n$1image',
      'there is no ConfigMap',
    ],
    ['a worker that nothing scales', /kind: ScaledObject/, 'kind: Nothing', 'there is no ScaledObject ct-worker'],
    ['a secret in the open', /kind: Namespace/, 'kind: Secret', 'never contained'],
  ])('the rules of the house name %s', (_what, line, replacement, complaint) => {
    expect(breachesIn(spoiled(line, replacement)).join('\n')).toContain(complaint);
  });

  it.each([
    ['dicom-ingest', ingestConfigSchema],
    ...workerApps.map((app) => [app, workerConfigSchema] as const),
    ['fhir-writer', writerConfigSchema],
    ['audit-monitor', baseConfigSchema],
    ['reading-room', readingRoomConfigSchema],
  ])('%s finds every setting it needs, and none it does not know', async (app, schema) => {
    const overlays = ['dev', 'prod', 'gpu'].map((overlay) => tools.build(join(root, 'k8s/overlays', overlay)));
    for (const { output } of await Promise.all(overlays)) {
      const own = settingsIn(output, app);
      const given = { ...settingsIn(output, 'sightline'), ...own, DATABASE_URL: 'postgres://app@database/app' };
      expect(parseConfig(schema, given)).toMatchObject({ kind: 'config' });
      const known = Object.keys(schema.shape).map((name) =>
        name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase(),
      );
      expect(Object.keys(own).filter((name) => !known.includes(name))).toEqual([]);
    }
  });

  it.each(workerApps)(
    '%s may end a study before it is killed, and has the memory that it is told to use',
    async (app) => {
      const overlays = ['dev', 'prod', 'gpu'].map((overlay) => tools.build(join(root, 'k8s/overlays', overlay)));
      for (const { output } of await Promise.all(overlays)) {
        const told = {
          ...settingsIn(output, 'sightline'),
          ...settingsIn(output, app),
          DATABASE_URL: 'postgres://a@b/c',
        };
        const read = parseConfig(workerConfigSchema, told);
        if (read.kind !== 'config') throw new Error(JSON.stringify(read));
        // What is not told is the runtime's own default.
        const { studyTimeLimitMs, shutdownGraceMs, inputMemoryMib = 128, modelMemoryMib = 4096 } = read.config;
        const pod = podOf(output, app);
        expect(shutdownGraceMs).toBeGreaterThanOrEqual(studyTimeLimitMs);
        expect(pod.seconds).toBeGreaterThan(shutdownGraceMs / 1000);
        expect(pod.shared).toBeGreaterThanOrEqual(inputMemoryMib);
        expect(pod.memory).toBeGreaterThan(modelMemoryMib + pod.shared);
      }
    },
  );

  it('a broken kustomization does not build', async () => {
    const { code } = await tools.build(join(root, 'k8s/schemas'));
    expect(code).not.toBe(0);
  });
});
