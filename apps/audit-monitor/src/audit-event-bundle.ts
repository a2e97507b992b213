import type { AuditEvent, Bundle } from '@medplum/fhirtypes';
import { auditEvent } from './audit-event.ts';
import type { TrailPage, TrailQuery } from './search-trail.ts';

/** A page of the trail, newest first, as searchset; links repeat the search as it was understood. `base`: URL of the FHIR door. */
export function auditEventBundle(base: string, query: TrailQuery, page: TrailPage): Bundle<AuditEvent> {
  const { page: _shown, ...search } = query;
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    total: page.total,
    link: [
      { relation: 'self', url: address(base, query) },
      { relation: 'first', url: address(base, search) },
      ...(page.next === undefined ? [] : [{ relation: 'next', url: address(base, { ...search, page: page.next }) }]),
    ],
    ...(page.rows.length === 0
      ? {}
      : {
          entry: page.rows.map(({ sequence, record }) => ({
            fullUrl: `${base}/AuditEvent/${sequence}`,
            resource: auditEvent(sequence, record),
            search: { mode: 'match' as const },
          })),
        }),
  };
}

function address(base: string, query: TrailQuery): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) search.append(name, String(one));
  return `${base}/AuditEvent?${search}`;
}
