import { codedConceptSchema } from '@sightline/findings';
import { z } from 'zod';

/**
 * An auditable event, in the terms of FHIR AuditEvent (R4). `id` makes it one event however often it is told. Nothing here
 * names a patient: studies, instances, reports and models are named by their identifiers.
 */
export const auditRecordedSchema = z.strictObject({
  id: z.string().min(1),
  /** Key of the topic: what the event is about, usually a Study Instance UID. */
  subject: z.string().min(1),
  app: z.string().min(1),
  recordedAt: z.iso.datetime(),
  /** AuditEvent.type, from the DICOM audit event ids (CID 400) or our own system. */
  type: codedConceptSchema,
  subtype: codedConceptSchema.optional(),
  action: z.enum(['C', 'R', 'U', 'D', 'E']),
  /** AuditEvent.outcome: 0 success, 4 minor failure, 8 serious failure, 12 major failure. */
  outcome: z.enum(['0', '4', '8', '12']),
  outcomeText: z.string().optional(),
  agent: z.strictObject({
    kind: z.enum(['app', 'person', 'peer']),
    name: z.string().min(1),
    role: z.string().optional(),
    /** Network address or AE title of a peer. */
    address: z.string().optional(),
  }),
  entities: z.array(
    z.strictObject({
      kind: z.enum(['study', 'instance', 'request', 'model', 'report', 'object', 'message']),
      id: z.string().min(1),
      detail: z.string().optional(),
    }),
  ),
});

export type AuditRecorded = z.infer<typeof auditRecordedSchema>;
