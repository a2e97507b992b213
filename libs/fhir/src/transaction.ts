import type { Digest } from '@sightline/findings';
import type {
  Bundle,
  BundleEntry,
  DiagnosticReport,
  Identifier,
  ImagingStudy,
  Observation,
  Resource,
} from '@medplum/fhirtypes';
import { identifierQuery, stableId } from './identifiers.ts';
import { vanished } from './observation.ts';
import { resourcesOf } from './resources-of.ts';
import type { Identified, ResultResource } from './result-resource.ts';
import type { ResultInChart } from './result-in-chart.ts';

/** What the chart already holds of this study and report; empty where nothing does. */
export interface ChartNow {
  imagingStudy?: ImagingStudy;
  /** Ours, as it was last seen: it is replaced. */
  report?: DiagnosticReport;
  observations: readonly Observation[];
  /** Ids of those that are as a person there left them: they are referred to, and nothing of them is written. */
  theirs?: readonly string[];
}

/** What is to be written, each with the resource in the chart that it replaces, where there is one. */
export type Change = ResultResource & { replaces?: Resource };

/** A result set held against the chart: what to write, in an order in which nothing refers to what comes after it. */
export function changesOf(set: ResultInChart, chart: ChartNow, digest: Digest): Change[] {
  const inChart: readonly Identified[] = [
    ...chart.observations,
    ...[chart.report, chart.imagingStudy].filter((one) => one !== undefined),
  ];
  const wanted = resourcesOf(set, chart.imagingStudy, digest);
  const changes = wanted.map((one): Change => {
    const replaces = one.kind === 'own' ? inChart.find((known) => isSame(known, one.resource)) : undefined;
    return replaces === undefined ? one : { ...one, replaces };
  });
  const gone = chart.observations
    .filter((one) => one.status !== 'entered-in-error' && !wanted.some(({ resource }) => isSame(one, resource)))
    .map((one): Change => ({
      kind: 'own',
      fullUrl: `urn:uuid:${stableId(digest, 'Observation', one.id ?? '')}`,
      resource: vanished(one, set.study.revision),
      replaces: one,
    }));
  return leavingAlone(chart.theirs ?? [], [...changes, ...gone]);
}

function leavingAlone(theirs: readonly string[], changes: readonly Change[]): Change[] {
  if (theirs.length === 0) return [...changes];
  const left = changes.filter(({ replaces }) => replaces?.id !== undefined && theirs.includes(replaces.id));
  const places = new Map(left.map(({ fullUrl, replaces }) => [fullUrl, `Observation/${replaces?.id ?? ''}`]));
  return changes
    .filter((change) => !left.includes(change))
    .map((change) => ({
      ...change,
      resource: withReferences(change.resource, (reference) => places.get(reference) ?? reference),
    }));
}

/**
 * Changes as one transaction. What is new is created on the condition that nothing carries its identifier yet; what is known is
 * replaced on the condition that it is still the version that was looked at. Sent twice, it changes nothing.
 */
export function transactionOf(changes: readonly Change[]): Bundle {
  const references = new Map(
    changes.flatMap(({ fullUrl, replaces }) =>
      replaces?.id === undefined ? [] : [[fullUrl, `${replaces.resourceType}/${replaces.id}`] as const],
    ),
  );
  const entry = changes.map((change): BundleEntry => {
    const resource = withReferences(change.resource, (fullUrl) => references.get(fullUrl) ?? fullUrl);
    return { fullUrl: change.fullUrl, ...requestOf({ ...change, resource }) };
  });
  return { resourceType: 'Bundle', type: 'transaction', entry };
}

function requestOf({ kind, resource, replaces }: Change): Pick<BundleEntry, 'resource' | 'request'> {
  const type = resource.resourceType;
  if (kind === 'trace') return { resource, request: { method: 'PUT', url: `${type}/${resource.id ?? ''}` } };
  if (replaces?.id === undefined) {
    const ifNoneExist = identifierQuery(resource.identifier?.[0] ?? {});
    return { resource, request: { method: 'POST', url: type, ifNoneExist } };
  }
  const version = replaces.meta?.versionId;
  return {
    resource: { ...resource, id: replaces.id },
    request: {
      method: 'PUT',
      url: `${type}/${replaces.id}`,
      ...(version === undefined ? {} : { ifMatch: `W/"${version}"` }),
    },
  };
}

/** The resource with every literal reference put through `to`. */
export function withReferences<R extends Resource>(resource: R, to: (reference: string) => string): R {
  return copied(resource, to) as R;
}

function copied(value: unknown, to: (reference: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one) => copied(one, to));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(
    entries.map(([key, one]) => [key, key === 'reference' && typeof one === 'string' ? to(one) : copied(one, to)]),
  );
}

function isSame(known: Identified, wanted: Identified): boolean {
  const first: Identifier | undefined = wanted.identifier?.[0];
  return (
    known.resourceType === wanted.resourceType &&
    first !== undefined &&
    (known.identifier?.some(({ system, value }) => system === first.system && value === first.value) ?? false)
  );
}
