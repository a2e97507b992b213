import type { CodeSystem, CodeSystemConcept, ValueSet } from '@medplum/fhirtypes';

/** Display by code; of concepts without display the code itself. */
export type Codes = ReadonlyMap<string, string>;

/** Every code of a system, however deep; of a system that is not published whole, none. */
export function codesOfSystem({ content, concept }: CodeSystem): Codes {
  return new Map(content === 'complete' ? below(concept) : []);
}

function below(concepts: readonly CodeSystemConcept[] = []): [string, string][] {
  return concepts.flatMap(({ code, display, concept }) => [[code, display ?? code], ...below(concept)]);
}

/** The codes of a value set that lists them or takes whole systems; undefined where it does anything else (R4 ValueSet.compose). */
export function codesOfValueSet(
  { compose }: ValueSet,
  systems: ReadonlyMap<string, Codes>,
): ReadonlySet<string> | undefined {
  const all = new Set<string>();
  for (const { system, concept, filter, valueSet } of compose?.include ?? []) {
    const codes = concept?.map(({ code }) => code) ?? [...(systems.get(system ?? '')?.keys() ?? [])];
    if (filter !== undefined || valueSet !== undefined || codes.length === 0) {
      return undefined;
    }
    codes.forEach((code) => all.add(code));
  }
  return compose?.exclude === undefined && all.size > 0 ? all : undefined;
}
