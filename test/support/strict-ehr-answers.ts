import { OperationOutcomeError, validateResource } from '@medplum/core';
import type { Bundle, Resource } from '@medplum/fhirtypes';
import { outcome, reply, type Asked, type Reply } from './serve-fhir.ts';
import { abilities, capabilityStatement, type Interaction } from './strict-ehr-capabilities.ts';
import type { Held, StrictEhrStore } from './strict-ehr-store.ts';

/** What an EHR answers that does what its CapabilityStatement says and nothing else. */
export function answerStrictly(asked: Asked, store: StrictEhrStore, baseUrl: string): Reply {
  const { method, path } = asked;
  const [type = '', id, ...rest] = path.split('/');
  if (method === 'GET' && path === 'metadata') {
    return reply(200, capabilityStatement());
  }
  if (path === '') {
    return outcome(400, 'not-supported', 'Neither transactions nor batches are processed');
  }
  if (!abilities.has(type) || rest.length > 0) {
    return outcome(404, 'not-supported', 'There is nothing at this address');
  }
  const interaction = interactionOf(method, id);
  if (interaction === undefined || abilities.get(type)?.interactions.includes(interaction) !== true) {
    return outcome(405, 'not-supported', 'The CapabilityStatement does not offer this');
  }
  switch (interaction) {
    case 'search-type':
      return search(asked, type, store, baseUrl);
    case 'read':
      return read(type, id ?? '', store);
    case 'create':
      return create(asked, type, store, baseUrl);
    case 'update':
      return update(asked, type, id ?? '', { store, baseUrl });
  }
}

function interactionOf(method: string, id: string | undefined): Interaction | undefined {
  switch (method) {
    case 'GET':
      return id === undefined ? 'search-type' : 'read';
    case 'POST':
      return id === undefined ? 'create' : id === '_search' ? 'search-type' : undefined;
    case 'PUT':
      return id === undefined ? undefined : 'update';
    default:
      return undefined;
  }
}

function search({ query }: Asked, type: string, store: StrictEhrStore, baseUrl: string): Reply {
  const known = abilities.get(type)?.search.map(({ name }) => name) ?? [];
  const unknown = [...query.keys()].filter((name) => name !== '_count' && !known.includes(name));
  if (unknown.length > 0) {
    return outcome(400, 'not-supported', ...unknown.map((name) => `Search parameter ${name} is not supported`));
  }
  const found = store.search(
    type,
    [...query].filter(([name]) => name !== '_count'),
  );
  const shown = found.slice(0, Number(query.get('_count') ?? found.length));
  const bundle: Bundle = {
    resourceType: 'Bundle',
    type: 'searchset',
    total: found.length,
    ...(shown.length === 0 ? {} : { entry: shown.map((resource) => entryOf(resource, baseUrl)) }),
  };
  return reply(200, bundle);
}

function entryOf(resource: Held, baseUrl: string) {
  return {
    fullUrl: `${baseUrl}/${resource.resourceType}/${resource.id}`,
    resource,
    search: { mode: 'match' as const },
  };
}

function read(type: string, id: string, store: StrictEhrStore): Reply {
  const held = store.get(type, id);
  return held === undefined
    ? outcome(404, 'not-found', 'There is no such resource')
    : reply(200, held, versionOf(held));
}

function create(asked: Asked, type: string, store: StrictEhrStore, baseUrl: string): Reply {
  if (asked.headers['if-none-exist'] !== undefined) {
    // 412 would say that the condition was looked at, and have the client look again for ever.
    return outcome(400, 'not-supported', 'Conditional create is not supported');
  }
  const sent = accept(asked, type, store, baseUrl);
  if (sent.kind === 'reply') {
    return sent;
  }
  const held = store.put(sent.resource);
  const location = `${baseUrl}/${type}/${held.id}/_history/${held.meta?.versionId ?? ''}`;
  return { kind: 'reply', status: 201, headers: { ...versionOf(held), location } };
}

function update(
  asked: Asked,
  type: string,
  id: string,
  { store, baseUrl }: { store: StrictEhrStore; baseUrl: string },
): Reply {
  const known = store.get(type, id);
  if (known === undefined) {
    return outcome(405, 'not-supported', 'A client may not choose an id');
  }
  const seen = asked.headers['if-match'];
  if (seen === undefined) {
    return outcome(400, 'required', 'An update needs If-Match');
  }
  if (seen !== versionOf(known)['etag']) {
    return outcome(412, 'conflict', 'It has been changed since');
  }
  const sent = accept(asked, type, store, baseUrl);
  if (sent.kind === 'reply') {
    return sent;
  }
  if (sent.resource.id !== id) {
    return outcome(400, 'invariant', 'The resource has another id than its address');
  }
  return { kind: 'reply', status: 200, headers: versionOf(store.put(sent.resource, id)) };
}

function versionOf({ meta }: Held): Record<string, string> {
  return {
    etag: `W/"${meta?.versionId ?? ''}"`,
    'last-modified': new Date(meta?.lastUpdated ?? 0).toUTCString(),
  };
}

type Sent = { readonly kind: 'storable'; readonly resource: Resource } | Reply;

/** The resource that was sent, where it may be stored; else the refusal. */
function accept({ headers, body }: Asked, type: string, store: StrictEhrStore, baseUrl: string): Sent {
  if (!/^application\/(fhir\+)?json\b/.test(headers['content-type'] ?? '')) {
    return outcome(415, 'not-supported', 'Only application/fhir+json is understood');
  }
  const resource = parsed(body);
  if (resource?.resourceType !== type) {
    return outcome(400, 'structure', `The body is no ${type}`);
  }
  const broken = structureFaults(resource);
  if (broken.length > 0) {
    return outcome(400, 'structure', ...broken);
  }
  const dangling = store.dangling(resource, baseUrl);
  return dangling.length === 0
    ? { kind: 'storable', resource }
    : outcome(422, 'not-found', ...dangling.map((reference) => `${reference} leads to nothing here`));
}

function parsed(body: string): Resource | undefined {
  try {
    return JSON.parse(body) as Resource;
  } catch {
    return undefined;
  }
}

function structureFaults(resource: Resource): string[] {
  try {
    validateResource(resource);
    return [];
  } catch (error) {
    if (error instanceof OperationOutcomeError) {
      return error.outcome.issue.map(({ details, expression }) => `${expression?.[0] ?? ''}: ${details?.text ?? ''}`);
    }
    throw error;
  }
}
