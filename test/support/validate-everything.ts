import type { Bundle, OperationOutcome, Resource } from '@medplum/fhirtypes';

/** What one result set of ours leaves on a server. */
const OUR_TYPES = [
  'Patient',
  'ImagingStudy',
  'Device',
  'Observation',
  'DiagnosticReport',
  'Provenance',
  'BodyStructure',
  'Media',
  'Endpoint',
  'Practitioner',
  'Organization',
] as const;

/** The types of a result set alone, where whatever else is on the server was put there by someone else. */
export const resultTypes = [
  'Patient',
  'ImagingStudy',
  'Device',
  'Observation',
  'DiagnosticReport',
  'Provenance',
  'Media',
  'DocumentReference',
];

export interface Verdict {
  /** Resources looked at. */
  readonly validated: number;
  readonly errors: { readonly resource: string; readonly where: string; readonly text: string }[];
  /** Literal references that lead to nothing on the server. */
  readonly dangling: { readonly resource: string; readonly reference: string }[];
}

/** Has the server's own validator judge every resource of these types that it holds, and follows every literal reference. */
export async function validateEverything(
  fhirBaseUrl: string,
  token: string,
  types: readonly string[] = OUR_TYPES,
): Promise<Verdict> {
  const resources = (await Promise.all(types.map((type) => allOf(fhirBaseUrl, token, type)))).flat();
  const known = new Set(resources.map(nameOf));
  const errors: Verdict['errors'] = [];
  const dangling: Verdict['dangling'] = [];
  for (const resource of resources) {
    const outcome = await call<OperationOutcome>(`${fhirBaseUrl}/${resource.resourceType}/$validate`, token, resource);
    for (const issue of outcome.issue ?? []) {
      if (issue.severity === 'error' || issue.severity === 'fatal') {
        const where = issue.expression?.join(', ') ?? issue.location?.join(', ') ?? '';
        errors.push({
          resource: nameOf(resource),
          where,
          text: issue.diagnostics ?? issue.details?.text ?? issue.code ?? '',
        });
      }
    }
    for (const reference of literalReferences(resource)) {
      const relative = reference.startsWith(`${fhirBaseUrl}/`) ? reference.slice(fhirBaseUrl.length + 1) : reference;
      const target = relative.replace(/\/_history\/.*$/, '');
      if (!known.has(target) && !(await exists(`${fhirBaseUrl}/${target}`, token))) {
        dangling.push({ resource: nameOf(resource), reference });
      }
    }
  }
  return { validated: resources.length, errors, dangling };
}

async function allOf(fhirBaseUrl: string, token: string, type: string): Promise<Resource[]> {
  const found: Resource[] = [];
  let next: string | undefined = `${fhirBaseUrl}/${type}?_count=200&_total=none`;
  while (next !== undefined) {
    const page: Bundle = await call<Bundle>(next, token);
    found.push(...(page.entry ?? []).flatMap((entry) => (entry.resource === undefined ? [] : [entry.resource])));
    next = page.link?.find((link) => link.relation === 'next')?.url;
  }
  return found;
}

async function call<T>(url: string, token: string, body?: Resource): Promise<T> {
  const headers = { authorization: `Bearer ${token}`, accept: 'application/fhir+json', 'cache-control': 'no-cache' };
  const response = await fetch(
    url,
    body === undefined
      ? { headers }
      : {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/fhir+json' },
          body: JSON.stringify(body),
        },
  );
  // A validation that found errors may answer 412 or 422, and its OperationOutcome is what we came for.
  const answer = (await response.json()) as Resource;
  if (!response.ok && (body === undefined || answer.resourceType !== 'OperationOutcome')) {
    throw new Error(`${url} answered ${response.status}`);
  }
  return answer as T;
}

async function exists(url: string, token: string): Promise<boolean> {
  if (!/^https?:/.test(url)) {
    return false;
  }
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  await response.arrayBuffer();
  return response.ok;
}

function nameOf(resource: Resource): string {
  return `${resource.resourceType}/${resource.id ?? ''}`;
}

/** Every `reference` that is a literal one; `#contained` ones resolve within the resource and are its validator's matter. */
function literalReferences(value: unknown): string[] {
  if (Array.isArray(value)) {
    return value.flatMap(literalReferences);
  }
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'reference' && typeof inner === 'string') {
      return inner.startsWith('#') ? [] : [inner];
    }
    return literalReferences(inner);
  });
}
