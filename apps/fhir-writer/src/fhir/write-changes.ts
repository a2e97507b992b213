import type { Failure } from '@sightline/contracts';
import { identifierQuery, withReferences, type Change } from '@sightline/fhir';
import { failed } from '@sightline/messaging';
import type { Bundle, Reference, Resource } from '@medplum/fhirtypes';
import type { Errand } from '../deliveries/destination.ts';
import type { Capabilities } from './capabilities.ts';
import { readLocation, type FhirAnswer, type FhirClient, type ResourceVersion } from './fhir-client.ts';

export type Wrote =
  /** `already`: a report was there that this was not to replace. */
  | { kind: 'wrote'; resources: ResourceVersion[]; already: boolean }
  /** Somebody was faster. */
  | { kind: 'look-again' }
  | { kind: 'failed'; failure: Failure; retryAfterMs?: number };

/** Everything or nothing, in one request: `bundle` is of the changes. `not-together`: the server takes no bundle like this one. */
export async function writeInTransaction(
  fhir: FhirClient,
  changes: readonly Change[],
  bundle: Bundle,
  errand: Errand,
): Promise<Wrote | { kind: 'not-together' }> {
  const answer = await fhir.transact(bundle, errand);
  if (answer.kind === 'missing') return failed('unavailable', 'FHIR server knows no transactions at this address');
  if (answer.kind === 'conflict') return { kind: 'look-again' };
  // Servers bound what one transaction may hold, and none says so in its statement of capabilities.
  if (answer.kind === 'failed' && (answer.status === 400 || answer.status === 413)) return { kind: 'not-together' };
  if (answer.kind === 'failed') return answer;
  const entries = answer.body.entry ?? [];
  const resources = entries.flatMap(({ response }) => readLocation(response?.location ?? '') ?? []);
  const at = changes.findIndex(({ resource }) => resource.resourceType === 'DiagnosticReport');
  const status = Number.parseInt(entries[at]?.response?.status ?? '', 10);
  const report = changes[at];
  // A create that found one already: somebody filed between our look and our write.
  return { kind: 'wrote', resources, already: report?.replaces === undefined && status !== 201 };
}

/**
 * One resource after the other, for servers that take nothing else. Each is looked for before it is created, and what the server does
 * not keep is named by its identifier instead: begun again after any interruption, it goes on where it was.
 */
export class WriteInSequence {
  constructor(
    private readonly fhir: FhirClient,
    private readonly capabilities: Capabilities,
  ) {}

  async write(changes: readonly Change[], errand: Errand): Promise<Wrote> {
    const placed = new Map<string, Place>();
    const resources: ResourceVersion[] = [];
    for (const change of changes) {
      const done = await this.place(change, placed, errand);
      switch (done.kind) {
        case 'placed':
          placed.set(change.fullUrl, { kind: 'reference', reference: `${done.at.resourceType}/${done.at.id}` });
          resources.push(done.at);
          break;
        case 'left-out':
          placed.set(change.fullUrl, { kind: 'named', change });
          break;
        default:
          return done;
      }
    }
    return { kind: 'wrote', resources, already: false };
  }

  private async place(
    change: Change,
    placed: ReadonlyMap<string, Place>,
    errand: Errand,
  ): Promise<{ kind: 'placed'; at: ResourceVersion } | { kind: 'left-out' } | Exclude<Wrote, { kind: 'wrote' }>> {
    const { kind, replaces } = change;
    const resource = pointTo(change.resource, placed);
    const type = resource.resourceType;
    if (replaces?.id !== undefined) {
      const answer = await this.fhir.update({ ...resource, id: replaces.id }, replaces.meta?.versionId, errand);
      return settled(answer, { resourceType: type, id: replaces.id });
    }
    // What carries no identifier cannot be looked for: a repetition would leave it twice.
    if (kind === 'trace' || !this.capabilities.can(type, 'create')) return { kind: 'left-out' };
    const found = this.capabilities.guards(type) ? undefined : await this.find(change.resource, errand);
    if (found !== undefined && found.kind !== 'nothing') return found;
    const created =
      found === undefined
        ? await this.fhir.createUnlessThere(resource, identifierQuery(change.resource.identifier?.[0] ?? {}), errand)
        : await this.fhir.create(resource, errand);
    if (created.kind === 'ok' && created.location === undefined) return this.findCreated(change.resource, errand);
    return settled(created, undefined);
  }

  private async find(
    { resourceType, identifier }: Change['resource'],
    errand: Errand,
  ): Promise<{ kind: 'nothing' } | { kind: 'placed'; at: ResourceVersion } | Exclude<Wrote, { kind: 'wrote' }>> {
    const [wanted = {}] = identifier ?? [];
    const search = await this.fhir.find<Change['resource']>(resourceType, wanted, errand);
    if (search.kind === 'failed') return search;
    if (search.kind !== 'ok') return failed('unavailable', `FHIR server could not search ${resourceType}`);
    const [found] = search.body;
    return found?.id === undefined ? { kind: 'nothing' } : { kind: 'placed', at: versionOf(found, found.id) };
  }

  private async findCreated(resource: Change['resource'], errand: Errand) {
    const found = await this.find(resource, errand);
    return found.kind === 'nothing'
      ? failed('unavailable', `FHIR server does not say where it keeps ${resource.resourceType}`)
      : found;
  }
}

type Place = { kind: 'reference'; reference: string } | { kind: 'named'; change: Change };

/** References to what is there by now, and names for what the server does not keep. */
function pointTo<R extends Resource>(resource: R, placed: ReadonlyMap<string, Place>): R {
  const named = JSON.parse(JSON.stringify(resource), (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('reference' in value)) return value;
    const place = typeof value.reference === 'string' ? placed.get(value.reference) : undefined;
    return place?.kind === 'named' ? nameOf(place.change, 'display' in value ? value.display : undefined) : value;
  }) as R;
  return withReferences(named, (reference) => {
    const place = placed.get(reference);
    return place?.kind === 'reference' ? place.reference : reference;
  });
}

function nameOf({ resource }: Change, display: unknown): Reference {
  const [identifier] = resource.identifier ?? [];
  return {
    type: resource.resourceType,
    ...(identifier === undefined ? {} : { identifier }),
    ...(typeof display === 'string' ? { display } : {}),
  };
}

function settled(
  answer: FhirAnswer<Change['resource'] | undefined>,
  known: ResourceVersion | undefined,
): { kind: 'placed'; at: ResourceVersion } | Exclude<Wrote, { kind: 'wrote' }> {
  switch (answer.kind) {
    case 'failed':
      return answer;
    case 'conflict':
      return { kind: 'look-again' };
    case 'missing':
      return known === undefined ? failed('unavailable', 'FHIR server has no such address') : { kind: 'look-again' };
    case 'ok': {
      const said = answer.body?.id === undefined ? undefined : versionOf(answer.body, answer.body.id);
      const at = said ?? answer.location ?? known;
      return at === undefined
        ? failed('unavailable', 'FHIR server does not say what it wrote')
        : { kind: 'placed', at };
    }
  }
}

function versionOf({ resourceType, meta }: Resource, id: string): ResourceVersion {
  return { resourceType, id, ...(meta?.versionId === undefined ? {} : { versionId: meta.versionId }) };
}
