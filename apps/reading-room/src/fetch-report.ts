/** A resource of the chart as the FHIR server gives it to the person who asks, or why not. */
export type FetchedReport =
  | { kind: 'report'; json: unknown }
  | { kind: 'refused'; status: number }
  | { kind: 'unreachable' };

/** `token`: the person's own; this app has no right of its own to read the chart. */
export async function fetchReport(url: string, token: string): Promise<FetchedReport> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/fhir+json', authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(10_000),
      redirect: 'error',
    });
    if (!response.ok) return { kind: 'refused', status: response.status };
    return { kind: 'report', json: await response.json() };
  } catch {
    return { kind: 'unreachable' };
  }
}
