import { requestTopicOf, topics, type InferenceRequested, type Worker } from '@sightline/contracts';
import type { Outbox } from '@sightline/messaging';
import { type DataSource, inTransaction, type Tx } from '@sightline/persistence';
import { counter, type Logger } from '@sightline/platform';

const repeated = counter('sightline_ingest_requests_repeated_total', 'Requests emitted again for want of an answer');

interface DueRow {
  body: InferenceRequested;
  worker: Worker;
  emissions: number;
}

/** Emits requests again, as they were said and under the same id, that nobody answered by their deadline. */
export class RepeatRequests {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox<Tx>,
    private readonly log: Logger,
    private readonly requestDeadlineMs: number,
  ) {}

  repeatDue(limit = 50): Promise<number> {
    return inTransaction(this.dataSource, async (tx) => {
      const due = await tx.query<DueRow[]>(
        `select body, worker, emissions from request where answered_at is null and due_at <= now()
         order by due_at limit $1 for update skip locked`,
        [limit],
      );
      for (const row of due) await this.repeat(tx, row);
      return due.length;
    });
  }

  private async repeat(tx: Tx, { body, worker, emissions }: DueRow): Promise<void> {
    const { study, model } = body;
    await tx.query(
      `update request set emissions = emissions + 1, due_at = now() + $5 * interval '1 ms'
       where study_instance_uid = $1 and revision = $2 and model_name = $3 and model_version = $4`,
      [study.studyInstanceUid, study.revision, model.name, model.version, this.requestDeadlineMs],
    );
    const topic = requestTopicOf(worker);
    const again = await this.outbox.again(tx, topic, topics[topic].id(body));
    if (!again) await this.outbox.add(tx, topic, body);
    repeated.inc();
    this.log.warn('request-repeated', {
      studyInstanceUid: study.studyInstanceUid,
      revision: study.revision,
      model: `${model.name}@${model.version}`,
      emissions: emissions + 1,
    });
  }
}
