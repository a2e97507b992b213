import type { Bundle, OperationOutcome, OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import { validateForFiling, type Definitions } from '@sightline/fhir';
import { loadDefinitions } from '../../apps/fhir-writer/src/load-definitions.ts';
import { type KnownWarning, knownWarnings } from './known-warnings.ts';

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

/** What one result set of ours, and what a sandbox needs around it, leaves on a server. */
const ourTypes = [...resultTypes, 'BodyStructure', 'Endpoint', 'Practitioner', 'Organization'];

interface Fault {
  readonly resource: string;
  readonly where: string;
  readonly text: string;
}

export interface Verdict {
  /** Resources looked at. */
  readonly validated: number;
  /**
   * What the server's validator calls an error or, unless it is a known one, a warning; and what it does not look at: types
   * that references lead to, and codes nobody has checked.
   */
  readonly errors: readonly Fault[];
  /** The known warnings that it gave. */
  readonly excused: ReadonlySet<KnownWarning>;
  /** Literal references that lead to nothing on the server. */
  readonly dangling: readonly { readonly resource: string; readonly reference: string }[];
}

/** The server computes on several cores; more at once would only queue there. */
const atOnce = 4;

/** Has every resource of these types that the server holds judged, by its own validator and by ours, and follows every reference. */
export async function validateEverything(
  fhirBaseUrl: string,
  token: string,
  types: readonly string[] = ourTypes,
): Promise<Verdict> {
  const definitions = await loadDefinitions(new Set(types));
  const resources = (await Promise.all(types.map((type) => allOf(fhirBaseUrl, token, type)))).flat();
  const known = new Set(resources.map(nameOf));
  const excused = new Set<KnownWarning>();
  const errors: Fault[] = [];
  const dangling: { resource: string; reference: string }[] = [];
  await inParallel(resources, async (resource) => {
    const outcome = await call<OperationOutcome>(`${fhirBaseUrl}/${resource.resourceType}/$validate`, token, resource);
    for (const issue of outcome.issue.filter(isFault)) {
      const fault = faultOf(resource, issue);
      const excuse = issue.severity === 'warning' ? excuseOf(fault) : undefined;
      if (excuse === undefined) {
        errors.push(fault);
      } else {
        excused.add(excuse);
      }
    }
    errors.push(...ownFaults(resource, definitions));
    for (const reference of literalReferences(resource)) {
      const relative = reference.startsWith(`${fhirBaseUrl}/`) ? reference.slice(fhirBaseUrl.length + 1) : reference;
      const target = relative.replace(/\/_history\/.*$/, '');
      if (!known.has(target) && !(await exists(`${fhirBaseUrl}/${target}`, token))) {
        dangling.push({ resource: nameOf(resource), reference });
      }
    }
  });
  return { validated: resources.length, errors, excused, dangling };
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of waiting) {
        await work(item);
      }
    }),
  );
}

function isFault({ severity }: OperationOutcomeIssue): boolean {
  return severity !== 'information';
}

function faultOf(resource: Resource, issue: OperationOutcomeIssue): Fault {
  const { expression, location, diagnostics, details, code } = issue;
  return {
    resource: nameOf(resource),
    where: (expression ?? location ?? []).join(', '),
    text: diagnostics ?? details?.text ?? code,
  };
}

function excuseOf({ where, text }: Fault): KnownWarning | undefined {
  return knownWarnings.find(({ pattern }) => pattern.test(`${where}: ${text}`));
}

function ownFaults(resource: Resource, definitions: Definitions): Fault[] {
  const verdict = validateForFiling([{ resource }], definitions);
  return verdict.kind === 'valid'
    ? []
    : verdict.issues.map(({ path, text }) => ({ resource: nameOf(resource), where: path, text }));
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
  const response = await fetch(url, {
    signal: AbortSignal.timeout(60_000),
    ...(body === undefined
      ? { headers }
      : {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/fhir+json' },
          body: JSON.stringify(body),
        }),
  });
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
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(60_000),
  });
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
