import type { AuditRecorded } from '@sightline/contracts';
import { concept, type CheckedCode } from '@sightline/findings';
import type { Outbox } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';

/** One event of the audit trail. With its type's code, `what` makes it one event however often it is told. */
export interface Audited {
  type: CheckedCode;
  what: readonly (string | number)[];
  /** Usually a Study Instance UID. */
  subject: string;
  action: AuditRecorded['action'];
  /** Success, where nothing else is said. */
  outcome?: AuditRecorded['outcome'];
  text?: string | undefined;
  /** This app itself, where nobody else is named. */
  agent?: AuditRecorded['agent'];
  entities: AuditRecorded['entities'];
}

const longestId = 500;

/** Says what happened, in the transaction that makes it true. */
export async function audit(
  outbox: Outbox<Tx>,
  tx: Tx,
  { type, what, subject, action, outcome = '0', text, agent, entities }: Audited,
  traceparent?: string,
): Promise<void> {
  await outbox.add(
    tx,
    'audit.recorded.v1',
    {
      id: ['audit', type.code, ...what].join('/').slice(0, longestId),
      subject,
      app: 'fhir-writer',
      recordedAt: new Date().toISOString(),
      type: concept(type),
      action,
      outcome,
      ...(text === undefined ? {} : { outcomeText: text }),
      agent: agent ?? { kind: 'app', name: 'fhir-writer' },
      entities,
    },
    traceparent,
  );
}
