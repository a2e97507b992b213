import type { Bundle, Identifier, Reference, Resource } from '@medplum/fhirtypes';
import { z } from 'zod';

/** True where a resource carries an identifier: a lenient server answers a search that it did not understand with everything. */
export function carries({ identifier }: { identifier?: Identifier[] }, { system, value }: Identifier): boolean {
  return identifier?.some((one) => one.system === system && one.value === value) ?? false;
}

/** The resources of one type in a search's answer. */
export function resourcesIn<R extends Resource>(bundle: Bundle, type: R['resourceType']): R[] {
  return (bundle.entry ?? []).flatMap(({ resource }) => (resource?.resourceType === type ? [resource as R] : []));
}

/** True of what a search is answered with; other JSON with a 200 is not "nothing found". */
export function isSearchset(answer: unknown): boolean {
  return searchsetSchema.safeParse(answer).success;
}

/** Where a search goes on, below the base URL: a token is shown to nobody else. */
export function nextPage(
  { link }: Bundle,
  baseUrl: string,
): { kind: 'none' } | { kind: 'page'; path: string } | { kind: 'elsewhere' } {
  const url = link?.find(({ relation }) => relation === 'next')?.url;
  if (url === undefined) return { kind: 'none' };
  if (!URL.canParse(url, `${baseUrl}/`)) return { kind: 'elsewhere' };
  const path = new URL(url, `${baseUrl}/`).href;
  return /^[/?]/.test(path.slice(baseUrl.length)) && path.startsWith(baseUrl)
    ? { kind: 'page', path: path.slice(baseUrl.length) }
    : { kind: 'elsewhere' };
}

const searchsetSchema = z.looseObject({
  resourceType: z.literal('Bundle'),
  type: z.literal('searchset'),
  entry: z.array(z.looseObject({ resource: z.looseObject({ resourceType: z.string() }).optional() })).optional(),
  link: z.array(z.looseObject({ relation: z.string(), url: z.string() })).optional(),
});

/** In a token parameter, `,` `|` `$` and `\` of a value are escaped (R4 search, 3.1.1.4.0.1). */
export function token({ system, value }: Identifier): string {
  return `${system ?? ''}|${(value ?? '').replaceAll(/[\\,|$]/g, (found) => `\\${found}`)}`;
}

/**
 * `Type/id` of a reference to this server, relative or absolute, versioned or not. What another server has under an id is not what
 * stands here under the same.
 */
export function localReference(reference: Reference | undefined, baseUrl: string): string | undefined {
  const text = reference?.reference ?? '';
  const relative = text.startsWith(`${baseUrl}/`) ? text.slice(baseUrl.length + 1) : text;
  return /^([A-Z][A-Za-z]+\/[\w.-]+)(?:\/_history\/[\w.-]+)?$/.exec(relative)?.[1];
}
