import type { CapabilityStatement } from '@medplum/fhirtypes';

/** What this FHIR door does: AuditEvent, read and search, for compliance. */
export function capabilityStatement(): CapabilityStatement {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: '2026-01-01',
    kind: 'instance',
    software: { name: 'Sightline audit-monitor' },
    implementation: { description: 'The audit trail of the mesh' },
    fhirVersion: '4.0.1',
    format: ['json'],
    rest: [
      {
        mode: 'server',
        security: { description: 'Bearer token of the OpenID provider with the role compliance' },
        resource: [
          {
            type: 'AuditEvent',
            interaction: [{ code: 'read' }, { code: 'search-type' }],
            searchParam: [
              {
                name: 'entity',
                type: 'reference',
                documentation: 'A study, instance, report, request or model, by its identifier',
              },
              { name: 'date', type: 'date' },
            ],
          },
        ],
      },
    ],
  };
}
