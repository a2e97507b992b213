import { indexStructureDefinitionBundle } from '@medplum/core';
import type { Bundle, CodeSystem, StructureDefinition, ValueSet } from '@medplum/fhirtypes';
import { codesOfSystem, codesOfValueSet } from './enumerated-codes.ts';

/** What of FHIR R4's own definitions resources are judged by. */
export interface Definitions {
  /** Resource types that can be judged: a resource of another type is an issue. */
  readonly types: ReadonlySet<string>;
  /** Every resource type of R4: what a reference may lead to. */
  readonly everyType: ReadonlySet<string>;
  /** Profiles that may be claimed, by URL. */
  readonly profiles: ReadonlyMap<string, StructureDefinition>;
  /** The codes of a value set, by its URL without version; undefined where it is not a plain list (MIME types, languages). */
  codesIn(valueSet: string): ReadonlySet<string> | undefined;
  /** The display of a code of a code system of FHIR itself, or undefined where it has no such code. */
  displayOf(system: string, code: string): string | undefined;
}

/** Where FHIR's own code systems live; those of HL7 Terminology are elsewhere, and in the code table. */
export const fhirSystems = 'http://hl7.org/fhir/';

/**
 * Definitions for resources of these types, out of the bundles in which the R4 specification publishes its own (profiles-types,
 * profiles-resources, valuesets) and whatever profiles are to be claimed. Only what is needed is kept. `@medplum/core` knows the
 * structures of the whole process: reading twice adds to what was read before.
 */
export function readDefinitions(bundles: readonly Bundle[], types: ReadonlySet<string>): Definitions {
  const resources = bundles.flatMap(({ entry }) => (entry ?? []).flatMap(({ resource }) => resource ?? []));
  const defined = resources.filter((one): one is StructureDefinition => one.resourceType === 'StructureDefinition');
  const structures = defined.filter(({ kind, type }) => kind !== 'resource' || types.has(type));
  indexStructureDefinitionBundle(structures);
  const systems = new Map(
    resources
      .filter((one): one is CodeSystem => one.resourceType === 'CodeSystem')
      .flatMap((one) => (one.url?.startsWith(fhirSystems) ? [[one.url, codesOfSystem(one)]] : [])),
  );
  const valueSets = new Map(
    resources
      .filter((one): one is ValueSet => one.resourceType === 'ValueSet')
      .flatMap((one) => (one.url?.startsWith(fhirSystems) ? [[one.url, codesOfValueSet(one, systems)]] : [])),
  );
  return {
    types: new Set(structures.filter(isBase).map(({ type }) => type)),
    everyType: new Set(defined.filter(isBase).map(({ type }) => type)),
    profiles: new Map(structures.map((one) => [one.url, one])),
    codesIn: (valueSet) => valueSets.get(valueSet),
    displayOf: (system, code) => systems.get(system)?.get(code),
  };
}

function isBase({ kind, derivation }: StructureDefinition): boolean {
  return kind === 'resource' && derivation !== 'constraint';
}
