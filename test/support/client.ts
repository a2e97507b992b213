import type { Bundle, DiagnosticReport, Resource } from '@medplum/fhirtypes';

/** What any client outside needs: an address and a token. */
export interface Door {
  url: string;
  token: string;
}

/** What the reading room says of a study, as far as tests look at it. */
export interface StudyView {
  state: string;
  revision: number;
  reports: {
    model: { name: string; version: string };
    outcome: string;
    state?: string;
    seen?: { url: string; versionId: string };
    reason?: string;
    reportUrl?: string;
    filedAt?: string;
    findings: { key: string; probability: number; trackingUid: string }[];
  }[];
}

/** GET of JSON; the status with it, so that a test can say which it expects. */
export async function getJson<T>(url: string, token?: string): Promise<{ status: number; body: T }> {
  const response = await fetch(url, {
    headers: { accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    signal: AbortSignal.timeout(20_000),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as T };
}

/** The resources a FHIR search finds, across its pages. */
export async function search<R extends Resource>(fhir: Door, query: string): Promise<R[]> {
  const found: R[] = [];
  let next: string | undefined = `${fhir.url}/${query}`;
  while (next !== undefined) {
    const page: { status: number; body: Bundle<R> } = await getJson<Bundle<R>>(next, fhir.token);
    if (page.status !== 200) throw new Error(`${query} answered ${page.status}`);
    found.push(...(page.body.entry ?? []).flatMap(({ resource }) => (resource === undefined ? [] : [resource])));
    next = page.body.link?.find(({ relation }) => relation === 'next')?.url;
  }
  return found;
}

/** Every DiagnosticReport the chart holds for a study, whichever model or generation. */
export async function reportsOf(fhir: Door, studyInstanceUid: string): Promise<DiagnosticReport[]> {
  const reports = await search<DiagnosticReport>(fhir, 'DiagnosticReport?_count=200');
  return reports.filter(({ identifier }) => identifier?.some(({ value }) => value?.startsWith(`${studyInstanceUid}/`)));
}
