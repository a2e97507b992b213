import type { Failure, InferenceCompleted } from '@sightline/contracts';
import { codes } from '@sightline/findings';
import type { Outbox } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { counter, type Logger } from '@sightline/platform';
import { audit, type Audited } from '../audit.ts';
import type { Accepted } from './accept-answer.ts';
import { answerId, noteAnswer } from './note-answer.ts';

const answers = counter('sightline_filing_answers_total', 'Answers of models by what became of them', ['disposition']);

/** What became of an answer, the end of trying included. */
export type Become = Accepted | { kind: 'refused'; failure: Failure };

type AuditEntry = Pick<Audited, 'type' | 'outcome' | 'text'>;

/** Writes down what became of an answer: its row, and where it does not go on to the destinations an audit event. */
export class RecordAnswer {
  constructor(
    private readonly outbox: Outbox<Tx>,
    private readonly log: Logger,
  ) {}

  async record(tx: Tx, answer: InferenceCompleted, become: Become, traceparent: string | undefined): Promise<void> {
    if (become.kind === 'known') return;
    const reason = reasonOf(become);
    await noteAnswer(tx, answer, {
      disposition: become.kind,
      ...(reason === undefined ? {} : { reason }),
      yields: become.kind === 'not-filed' && become.reason === 'failed',
    });
    const entry = entryOf(become);
    if (entry !== undefined) await this.note(tx, answer, entry, traceparent);
    answers.inc({ disposition: become.kind });
    this.log.info('answer-decided', {
      studyInstanceUid: answer.study.studyInstanceUid,
      revision: answer.study.revision,
      model: answer.model?.name,
      version: answer.model?.version,
      disposition: become.kind,
      reason,
    });
  }

  private async note(
    tx: Tx,
    answer: InferenceCompleted,
    entry: AuditEntry,
    traceparent: string | undefined,
  ): Promise<void> {
    const { study, model } = answer;
    await audit(
      this.outbox,
      tx,
      {
        ...entry,
        what: [answerId(answer), ...(entry.text === undefined ? [] : [entry.text])],
        subject: study.studyInstanceUid,
        action: 'E',
        entities: [
          { kind: 'study', id: study.studyInstanceUid, detail: `revision ${study.revision}` },
          ...(model === undefined ? [] : [{ kind: 'model' as const, id: `${model.name}@${model.version}` }]),
        ],
      },
      traceparent,
    );
  }
}

function reasonOf(become: Become): string | undefined {
  switch (become.kind) {
    case 'not-filed':
      return become.reason;
    case 'refused':
      return become.failure.message;
    case 'reported':
    case 'superseded':
    case 'known':
      return undefined;
  }
}

function entryOf(become: Become): AuditEntry | undefined {
  switch (become.kind) {
    case 'reported':
      return become.noticeTo === undefined
        ? undefined
        : { type: codes.local.newerReport, outcome: '0', text: `for ${become.noticeTo}` };
    case 'not-filed':
      return { type: codes.local.reportNotFiled, outcome: '0', text: become.reason };
    case 'superseded':
      return { type: codes.local.reportNotFiled, outcome: '0', text: 'superseded' };
    case 'refused':
      return { type: codes.local.reportRefused, outcome: '8', text: become.failure.message };
    case 'known':
      return undefined;
  }
}
