import type { CapabilityStatement, CapabilityStatementRestResource, ResourceType } from '@medplum/fhirtypes';

export type Interaction = 'read' | 'search-type' | 'create' | 'update';

interface Ability {
  readonly interactions: readonly Interaction[];
  readonly search: readonly { readonly name: string; readonly type: 'token' | 'reference' }[];
}

const identifier = { name: 'identifier', type: 'token' } as const;
const patient = { name: 'patient', type: 'reference' } as const;
const lookedUp: Ability = { interactions: ['read', 'search-type'], search: [identifier] };
const written: Ability = {
  interactions: ['read', 'search-type', 'create', 'update'],
  search: [identifier, patient],
};
const read: Ability = { interactions: ['read'], search: [] };

/** All that may be done, by type: as little as many EHRs allow. What is not here is refused. */
export const abilities: ReadonlyMap<string, Ability> = new Map<ResourceType, Ability>([
  ['Patient', lookedUp],
  ['ServiceRequest', lookedUp],
  ['ImagingStudy', lookedUp],
  ['DiagnosticReport', written],
  ['Observation', written],
  ['DocumentReference', written],
  ['Encounter', read],
  ['Organization', read],
  ['Practitioner', read],
]);

/** Says what `abilities` says, and nothing that is not enforced. */
export function capabilityStatement(): CapabilityStatement {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: '2026-01-01',
    kind: 'instance',
    fhirVersion: '4.0.1',
    format: ['application/fhir+json'],
    implementation: { description: 'An EHR that allows little' },
    rest: [{ mode: 'server', resource: [...abilities].map(([type, ability]) => resourceOf(type, ability)) }],
  };
}

function resourceOf(type: string, { interactions, search }: Ability): CapabilityStatementRestResource {
  return {
    type: type as ResourceType,
    interaction: interactions.map((code) => ({ code })),
    versioning: interactions.includes('update') ? 'versioned-update' : 'versioned',
    readHistory: false,
    updateCreate: false,
    conditionalCreate: false,
    conditionalRead: 'not-supported',
    conditionalUpdate: false,
    conditionalDelete: 'not-supported',
    referencePolicy: ['literal', 'logical', 'enforced'],
    searchParam: search.map(({ name, type }) => ({ name, type })),
  };
}
