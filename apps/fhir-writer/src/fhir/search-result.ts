import type { Bundle, Identifier, Reference, Resource } from '@medplum/fhirtypes';

/** True where a resource carries an identifier: a lenient server answers a search that it did not understand with everything. */
export function carries({ identifier }: { identifier?: Identifier[] }, { system, value }: Identifier): boolean {
  return identifier?.some((one) => one.system === system && one.value === value) ?? false;
}

/** The resources of one type in a search's answer. */
export function resourcesIn<R extends Resource>(bundle: Bundle, type: R['resourceType']): R[] {
  return (bundle.entry ?? []).flatMap(({ resource }) => (resource?.resourceType === type ? [resource as R] : []));
}

/** In a token parameter, `,` `|` `$` and `\` of a value are escaped (R4 search, 3.1.1.4.0.1). */
export function token({ system, value }: Identifier): string {
  return `${system ?? ''}|${(value ?? '').replaceAll(/[\\,|$]/g, (found) => `\\${found}`)}`;
}

/** True where a reference, relative or absolute, versioned or not, is to `Type/id`. */
export function isReferenceTo({ reference }: Reference, wanted: string): boolean {
  return (
    reference
      ?.replace(/\/_history\/.*$/, '')
      .split('/')
      .slice(-2)
      .join('/') === wanted
  );
}
