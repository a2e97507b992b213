import type { AuditRecorded } from '@sightline/contracts';
import { codes, concept } from '@sightline/findings';
import type { User } from '@sightline/platform';

/** DICOM PS3.15 A.5.3.2: whoever uses the audit log is in the audit log. `what` is the request, as sent. */
export function readingOfTheAudit(uuid: string, user: User, what: string, recordedAt: string): AuditRecorded {
  return {
    id: `audit/audit-log-used/${uuid}`,
    subject: 'audit-trail',
    app: 'audit-monitor',
    recordedAt,
    type: concept(codes.dicom.auditLogUsed),
    action: 'R',
    outcome: '0',
    agent: { kind: 'person', name: user.subject, role: 'compliance' },
    entities: [{ kind: 'object', id: 'audit-trail', detail: what.slice(0, 1_000) }],
  };
}
