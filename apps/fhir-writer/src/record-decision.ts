import type { AuditRecorded, Failure, InferenceCompleted } from '@sightline/contracts';
import { codes, concept, type CheckedCode } from '@sightline/findings';
import type { Outbox } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { counter, type Logger } from '@sightline/platform';
import type { Decision } from './decide-filing.ts';
import { answerId, type FilingStore } from './filing-store.ts';
import type { Filed } from './write-report.ts';

const answers = counter('sightline_filing_answers_total', 'Answers of models by what became of them', ['disposition']);

/** A decision that has an effect to be recorded; a failure has none, unless it is given up on. */
export type Recordable = Exclude<Decision, { kind: 'failed' }> | { kind: 'refused'; failure: Failure };

type AuditEntry = Pick<AuditRecorded, 'action' | 'outcome'> & { type: CheckedCode; text?: string };

const patientCreated: AuditEntry = { type: codes.local.patientCreated, action: 'C', outcome: '0' };

/** Writes down what became of an answer, and says so: row, audit event, and report.filed where something was. */
export class RecordDecision {
  constructor(
    private readonly store: FilingStore,
    private readonly outbox: Outbox<Tx>,
    private readonly log: Logger,
  ) {}

  async record(
    tx: Tx,
    answer: InferenceCompleted,
    decision: Recordable,
    traceparent: string | undefined,
  ): Promise<void> {
    const { study, model } = answer;
    if (decision.kind === 'filed' && model !== undefined) {
      await this.store.noteReport(tx, study, model, decision.filed);
      await this.outbox.add(
        tx,
        'report.filed.v1',
        {
          studyInstanceUid: study.studyInstanceUid,
          revision: study.revision,
          model,
          state: 'unreviewed',
          reportUrl: decision.filed.reportUrl,
          resources: decision.filed.resources,
          bundleSha256: decision.filed.bundleSha256,
          filedAt: new Date().toISOString(),
        },
        traceparent,
      );
      if (decision.patientCreated) await this.audit(tx, answer, patientCreated, traceparent);
    }
    const reason = reasonOf(decision);
    await this.store.note(
      tx,
      answer,
      {
        disposition: decision.kind,
        ...(reason === undefined ? {} : { reason }),
        yields: decision.kind === 'not-filed' && decision.reason === 'failed',
      },
      traceparent,
    );
    await this.audit(
      tx,
      answer,
      entryOf(decision),
      traceparent,
      decision.kind === 'filed' ? decision.filed : undefined,
    );
    answers.inc({ disposition: decision.kind });
    this.log.info('answer-decided', {
      studyInstanceUid: study.studyInstanceUid,
      revision: study.revision,
      model: model?.name,
      version: model?.version,
      disposition: decision.kind,
      reason,
    });
  }

  private async audit(
    tx: Tx,
    answer: InferenceCompleted,
    entry: AuditEntry,
    traceparent: string | undefined,
    filed?: Filed,
  ): Promise<void> {
    const { study, model } = answer;
    // A quarantine that ends and a refusal that is replayed are events of their own: the type is part of the id.
    const id = `audit/${entry.type.code}/${answerId(answer)}${entry.text === undefined ? '' : `/${entry.text}`}`;
    await this.outbox.add(
      tx,
      'audit.recorded.v1',
      {
        id: id.slice(0, 500),
        subject: study.studyInstanceUid,
        app: 'fhir-writer',
        recordedAt: new Date().toISOString(),
        type: concept(entry.type),
        action: entry.action,
        outcome: entry.outcome,
        ...(entry.text === undefined ? {} : { outcomeText: entry.text }),
        agent: { kind: 'app', name: 'fhir-writer' },
        entities: [
          { kind: 'study', id: study.studyInstanceUid, detail: `revision ${study.revision}` },
          ...(model === undefined ? [] : [{ kind: 'model' as const, id: `${model.name}@${model.version}` }]),
          ...(filed === undefined ? [] : [{ kind: 'report' as const, id: filed.reportUrl, detail: filed.how }]),
        ],
      },
      traceparent,
    );
  }
}

function reasonOf(decision: Recordable): string | undefined {
  switch (decision.kind) {
    case 'not-filed':
    case 'held':
    case 'quarantined':
      return decision.reason;
    case 'refused':
      return decision.failure.message;
    case 'filed':
      return decision.filed.how;
    case 'superseded':
      return undefined;
  }
}

function entryOf(decision: Recordable): AuditEntry {
  switch (decision.kind) {
    case 'filed':
      return { type: codes.local.reportFiled, action: decision.filed.how === 'updated' ? 'U' : 'C', outcome: '0' };
    case 'not-filed':
      return { type: codes.local.reportNotFiled, action: 'E', outcome: '0', text: decision.reason };
    case 'superseded':
      return { type: codes.local.reportNotFiled, action: 'E', outcome: '0', text: 'superseded' };
    case 'held':
      return { type: codes.local.reportHeld, action: 'E', outcome: '0', text: decision.reason };
    case 'quarantined':
      return { type: codes.local.patientQuarantined, action: 'E', outcome: '4', text: decision.reason };
    case 'refused':
      return { type: codes.local.reportRefused, action: 'E', outcome: '8', text: decision.failure.message };
  }
}
