import type { Identifier, Reference, Resource } from '@medplum/fhirtypes';

export type Held = Resource & { id: string };

/** What the EHR holds, by `Type/id`, each with version and time as a server gives them. */
export class StrictEhrStore {
  private readonly resources = new Map<string, Held>();
  private created = 0;

  get all(): readonly Held[] {
    return [...this.resources.values()];
  }

  get(type: string, id: string): Held | undefined {
    return this.resources.get(`${type}/${id}`);
  }

  /** As a new version of what is held under the id; where none is given, under one of its own. */
  put(resource: Resource, id = `e${++this.created}`): Held {
    const before = Number(this.get(resource.resourceType, id)?.meta?.versionId ?? 0);
    const meta = { ...resource.meta, versionId: String(before + 1), lastUpdated: new Date().toISOString() };
    const held = { ...resource, id, meta } as Held;
    this.resources.set(`${resource.resourceType}/${id}`, held);
    return held;
  }

  clear(): void {
    this.resources.clear();
  }

  /** Every parameter has to match; within one, any of the values behind commas (R4 search.html#combining). */
  search(type: string, parameters: Iterable<[string, string]>): Held[] {
    const wanted = [...parameters];
    return this.all.filter(
      (one) =>
        one.resourceType === type &&
        wanted.every(([name, value]) => value.split(',').some((alternative) => matches(one, name, alternative))),
    );
  }

  /** References that lead to nothing here, or that no server could follow. */
  dangling(resource: Resource, baseUrl: string): string[] {
    const contained = 'contained' in resource ? (resource.contained ?? []) : [];
    return referencesIn(resource).filter((reference) => {
      if (reference.startsWith('#')) {
        return !contained.some(({ id }) => `#${id ?? ''}` === reference);
      }
      const relative = reference.startsWith(`${baseUrl}/`) ? reference.slice(baseUrl.length + 1) : reference;
      return !this.resources.has(relative.replace(/\/_history\/.*$/, ''));
    });
  }
}

function matches(resource: Resource, name: string, value: string): boolean {
  const held = resource as { identifier?: Identifier | Identifier[]; subject?: Reference };
  switch (name) {
    case 'identifier':
      return [held.identifier ?? []].flat().some((one) => isToken(one, value));
    case 'patient': {
      const id = value.slice(value.lastIndexOf('/') + 1);
      return held.subject?.reference?.endsWith(`Patient/${id}`) === true;
    }
    default:
      return false;
  }
}

/** R4 search.html#token: `value`, `system|value`, `|value` (without system) and `system|` (whatever value). */
function isToken(identifier: Identifier, token: string): boolean {
  const bar = token.indexOf('|');
  const [system, value] = bar < 0 ? [undefined, token] : [token.slice(0, bar), token.slice(bar + 1)];
  return (system === undefined || (identifier.system ?? '') === system) && (value === '' || identifier.value === value);
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'reference' && typeof inner === 'string' ? [inner] : referencesIn(inner),
  );
}
