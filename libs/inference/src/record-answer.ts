import {
  inferenceCompletedSchema,
  type AuditRecorded,
  type InferenceCompleted,
  type InferenceOutcome,
  type InferenceRequested,
} from '@sightline/contracts';
import { codes, concept } from '@sightline/findings';
import type { Outbox } from '@sightline/messaging';
import type { Lease, Tx, WorkQueue } from '@sightline/persistence';

/** Where a worker's results go: its queue and its outbox, in one transaction of its database. */
export interface Ledger {
  app: string;
  queue: WorkQueue<InferenceRequested>;
  outbox: Outbox<Tx>;
  transaction: (work: (tx: Tx) => Promise<void>) => Promise<void>;
}

/** What is known when a request has come to its end. */
export interface Ending {
  outcome: InferenceOutcome;
  images: InferenceCompleted['images'];
  startedAt: Date;
}

class NoLongerOurs extends Error {}

/**
 * Ends a request and says so, all or nothing: the row is done, `inference.completed` and its audit event are in the outbox. False
 * where the lease is no longer ours, and then nothing was written.
 */
export async function recordAnswer(ledger: Ledger, lease: Lease<InferenceRequested>, ending: Ending): Promise<boolean> {
  const { queue, outbox } = ledger;
  const completed = sayable(lease.payload, ending);
  const { outcome } = completed;
  try {
    await ledger.transaction(async (tx) => {
      const ours =
        outcome.kind === 'failed' ? await queue.bury(tx, lease, outcome.failure) : await queue.complete(tx, lease);
      if (!ours) throw new NoLongerOurs();
      await outbox.add(tx, 'inference.completed.v1', completed);
      await outbox.add(tx, 'audit.recorded.v1', auditOf(ledger.app, lease, completed));
    });
    return true;
  } catch (error) {
    if (error instanceof NoLongerOurs) return false;
    throw error;
  }
}

/** An answer that breaks the contract would break every attempt to say it: it is a defect, and that can be said. */
function sayable(request: InferenceRequested, ending: Ending): InferenceCompleted {
  const parsed = inferenceCompletedSchema.safeParse(completedOf(request, ending));
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  const failure = { kind: 'defect' as const, message: `the answer breaks its contract at ${where}` };
  return completedOf(request, { ...ending, outcome: { kind: 'failed', failure }, images: [] });
}

function completedOf(request: InferenceRequested, { outcome, images, startedAt }: Ending): InferenceCompleted {
  return {
    study: request.study,
    model: request.model,
    role: request.role,
    outcome,
    images,
    timings: {
      requestedAt: request.requestedAt,
      startedAt: startedAt.toISOString(),
      completedAt: new Date().toISOString(),
    },
  };
}

function auditOf(app: string, lease: Lease<InferenceRequested>, completed: InferenceCompleted): AuditRecorded {
  const { study, model, instances } = lease.payload;
  const reference = `${model.name}@${model.version}`;
  const { outcome } = completed;
  return {
    id: `audit/inference-completed/${study.studyInstanceUid}/${study.revision}/${reference}/${outcome.kind}`,
    subject: study.studyInstanceUid,
    app,
    recordedAt: completed.timings.completedAt,
    type: concept(auditType[outcome.kind]),
    action: 'E',
    outcome: outcome.kind === 'failed' ? '8' : '0',
    ...(outcome.kind === 'skipped' && { outcomeText: outcome.reason }),
    ...(outcome.kind === 'failed' && { outcomeText: `${outcome.failure.kind}: ${outcome.failure.message}` }),
    agent: { kind: 'app', name: app },
    entities: [
      { kind: 'study', id: study.studyInstanceUid, detail: `revision ${study.revision}` },
      { kind: 'request', id: lease.id, detail: `attempt ${lease.attempt}` },
      { kind: 'model', id: reference },
      ...instances.map(({ sopInstanceUid }) => ({ kind: 'instance' as const, id: sopInstanceUid })),
    ],
  };
}

const auditType = {
  findings: codes.local.inferenceCompleted,
  skipped: codes.local.inferenceSkipped,
  failed: codes.local.inferenceFailed,
} as const;
