import { isTopicName, topicDefinition, workerApps } from '@sightline/contracts';
import { Ajv, type ValidateFunction } from 'ajv';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { root } from './steps.ts';

/** A Kubernetes resource as far as every one is alike. */
export interface Resource {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  [field: string]: unknown;
}

const probe = z.looseObject({
  httpGet: z.looseObject({ path: z.enum(['/health/live', '/health/ready']), port: z.literal('http') }),
});
const named = z.looseObject({ name: z.string() });
const quantity = z.union([z.string(), z.number()]);

const container = z.looseObject({
  image: z.string().regex(/^[^:@]+(:(?!latest$)[^:@]+|@sha256:[0-9a-f]{64})$/, 'must name a version or a digest'),
  envFrom: z.array(z.looseObject({ configMapRef: named })),
  env: z.array(z.looseObject({ name: z.string(), value: z.never().optional() })),
  ports: z.array(named),
  startupProbe: probe,
  livenessProbe: probe,
  readinessProbe: probe,
  resources: z.looseObject({
    requests: z.looseObject({ cpu: quantity, memory: quantity }),
    limits: z.looseObject({ memory: quantity }),
  }),
  securityContext: z.looseObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.looseObject({ drop: z.tuple([z.literal('ALL')]) }),
  }),
});

const deployment = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
      spec: z.looseObject({
        serviceAccountName: z.string(),
        automountServiceAccountToken: z.literal(false),
        terminationGracePeriodSeconds: z.number().min(30),
        securityContext: z.looseObject({ runAsNonRoot: z.literal(true) }),
        containers: z.array(container).min(1),
        volumes: z.array(z.looseObject({ persistentVolumeClaim: z.looseObject({ claimName: z.string() }).optional() })),
      }),
    }),
  }),
});

const trigger = z.looseObject({
  type: z.string(),
  metadata: z.record(z.string(), z.string()),
  authenticationRef: named.optional(),
});
const scaledObject = z.looseObject({
  spec: z.looseObject({ scaleTargetRef: named, minReplicaCount: z.number(), triggers: z.array(trigger).min(1) }),
});
const service = z.looseObject({
  spec: z.looseObject({
    selector: z.record(z.string(), z.string()),
    ports: z.array(z.looseObject({ targetPort: z.string() })),
  }),
});

/** What is wrong with a set of resources beyond the shapes of Kubernetes: one line each, none where all is well. */
export function breaches(resources: readonly Resource[]): string[] {
  const ofEach = resources.flatMap((resource) =>
    breachesOf(resource, resources).map((breach) => `${resource.kind}/${resource.metadata.name}: ${breach}`),
  );
  const ofWorkers = ['ScaledObject', 'PodDisruptionBudget'].flatMap((kind) => missing(resources, kind, workerApps));
  return [...ofEach, ...ofWorkers];
}

function breachesOf(resource: Resource, all: readonly Resource[]): string[] {
  switch (resource.kind) {
    case 'Secret':
      return ['a secret is referenced here, never contained'];
    case 'Deployment':
      return ofDeployment(resource, all);
    case 'Service':
      return ofService(resource, all);
    case 'ScaledObject':
      return [...ofKedaSchema(resource), ...ofScaledObject(resource, all)];
    case 'TriggerAuthentication':
      return ofKedaSchema(resource);
    default:
      return [];
  }
}

function ofDeployment(resource: Resource, all: readonly Resource[]): string[] {
  const parsed = deployment.safeParse(resource);
  if (!parsed.success) return complaints(parsed.error);
  const { spec } = parsed.data.spec.template;
  const configMaps = spec.containers.flatMap(({ envFrom }) => envFrom.map(({ configMapRef }) => configMapRef.name));
  const claims = spec.volumes.flatMap(({ persistentVolumeClaim: claim }) =>
    claim === undefined ? [] : [claim.claimName],
  );
  return [
    ...missing(all, 'ConfigMap', configMaps),
    ...missing(all, 'PersistentVolumeClaim', claims),
    ...missing(all, 'ServiceAccount', [spec.serviceAccountName]),
  ];
}

function ofService(resource: Resource, all: readonly Resource[]): string[] {
  const parsed = service.safeParse(resource);
  if (!parsed.success) return complaints(parsed.error);
  const { selector, ports } = parsed.data.spec;
  const pods = all.flatMap((one) => {
    const found = one.kind === 'Deployment' ? deployment.safeParse(one) : undefined;
    return found?.success === true ? [found.data.spec.template] : [];
  });
  const selected = pods.filter(({ metadata: { labels } }) =>
    Object.entries(selector).every(([label, value]) => labels[label] === value),
  );
  if (selected.length === 0) return ['selects no pod'];
  const open = selected.flatMap(({ spec }) => spec.containers.flatMap((one) => one.ports.map(({ name }) => name)));
  return ports
    .filter(({ targetPort }) => !open.includes(targetPort))
    .map(({ targetPort }) => `no pod has a port ${targetPort}`);
}

function ofScaledObject(resource: Resource, all: readonly Resource[]): string[] {
  const parsed = scaledObject.safeParse(resource);
  if (!parsed.success) return complaints(parsed.error);
  const { scaleTargetRef, triggers } = parsed.data.spec;
  const authentications = triggers.flatMap(({ authenticationRef }) =>
    authenticationRef === undefined ? [] : [authenticationRef.name],
  );
  const wanted = ['kafka', 'postgresql'].filter((type) => !triggers.some((one) => one.type === type));
  return [
    ...missing(all, 'Deployment', [scaleTargetRef.name]),
    ...missing(all, 'TriggerAuthentication', authentications),
    ...wanted.map((type) => `has no trigger ${type}`),
    ...triggers.filter(({ type }) => type === 'kafka').flatMap(({ metadata }) => ofKafkaTrigger(metadata)),
  ];
}

/** The topic has to be in the catalog, and the group has to be one that reads it: a lag nobody works off is no trigger. */
function ofKafkaTrigger(metadata: Record<string, string>): string[] {
  const topic = metadata['topic'] ?? '';
  if (!isTopicName(topic)) return [`topic ${topic} is not in the catalog`];
  const readers: readonly string[] = topicDefinition(topic).consumers;
  const group = metadata['consumerGroup'] ?? '';
  return readers.includes(group) ? [] : [`${group} does not read ${topic}`];
}

function missing(all: readonly Resource[], kind: string, names: readonly string[]): string[] {
  const present = new Set(all.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name));
  return names.filter((name) => !present.has(name)).map((name) => `there is no ${kind} ${name}`);
}

function complaints(error: z.ZodError): string[] {
  return error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
}

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
const compiled = new Map<string, ValidateFunction>();

function ofKedaSchema(resource: Resource): string[] {
  const path = join(root, 'k8s/schemas', `${resource.kind}.json`);
  const validate = compiled.get(path) ?? ajv.compile(JSON.parse(readFileSync(path, 'utf8')) as object);
  compiled.set(path, validate);
  if (validate(resource)) return [];
  return (validate.errors ?? []).map(({ instancePath, message = '', params }) =>
    [instancePath, message, ...Object.values(params as Record<string, unknown>).map(String)].join(' '),
  );
}
