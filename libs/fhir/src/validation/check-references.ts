import type { Reference, Resource } from '@medplum/fhirtypes';
import type { ElementIssue } from './issue.ts';
import type { Element } from './walk-elements.ts';

/** Types by the `fullUrl` under which the entries of one bundle know each other. */
export type Neighbours = ReadonlyMap<string, string>;

/** R4 Reference: relative or absolute, with or without version; in a transaction also by a search. */
const literal = /^(?:https?:\/\/.+\/)?([A-Za-z]+)(?:\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/[A-Za-z0-9\-.]{1,64})?|\?.+)$/;
const anything = 'http://hl7.org/fhir/StructureDefinition/Resource';

/** References lead to something, and to a type that their element allows. */
export function checkReferences(
  resource: Resource,
  elements: readonly Element[],
  neighbours: Neighbours,
  everyType: ReadonlySet<string>,
): ElementIssue[] {
  return elements
    .filter(({ type }) => type === 'Reference')
    .flatMap(({ path, value, definition }) => {
      const allowed = allowedTypes(definition.type);
      const text = faultOf(value as Reference, { resource, neighbours, everyType, allowed });
      return text === undefined ? [] : [{ path, text }];
    });
}

/** Undefined where the element may refer to whatever there is. */
function allowedTypes(types: Element['definition']['type']): string[] | undefined {
  const profiles = types.find(({ code }) => code === 'Reference')?.targetProfile;
  return profiles === undefined || profiles.includes(anything)
    ? undefined
    : profiles.map((profile) => profile.slice(profile.lastIndexOf('/') + 1));
}

interface Surroundings {
  resource: Resource;
  neighbours: Neighbours;
  everyType: ReadonlySet<string>;
  allowed: readonly string[] | undefined;
}

function faultOf(
  { reference, type }: Reference,
  { resource, neighbours, everyType, allowed }: Surroundings,
): string | undefined {
  const named = reference === undefined ? type : typeOf(reference, resource, neighbours);
  if (named === undefined) {
    return reference === undefined ? undefined : 'The reference leads to no resource';
  }
  if (!everyType.has(named)) {
    return 'The reference names no type of resource';
  }
  if (type !== undefined && type !== named) {
    return `The reference leads to ${named} and says another type`;
  }
  return allowed?.includes(named) === false
    ? `The element refers to ${allowed.join(', ')} and never to ${named}`
    : undefined;
}

function typeOf(reference: string, resource: Resource, neighbours: Neighbours): string | undefined {
  if (reference === '#') {
    return resource.resourceType;
  }
  if (reference.startsWith('#')) {
    const contained = 'contained' in resource ? resource.contained : undefined;
    return contained?.find(({ id }) => `#${id ?? ''}` === reference)?.resourceType;
  }
  return neighbours.get(reference) ?? literal.exec(reference)?.[1];
}
