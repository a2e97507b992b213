import { Controller } from '@nestjs/common';
import { Consumes, type Delivery, type Outcome } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';

/** What came of a request ends its waiting, whatever the outcome. */
@Controller()
export class AnswersController {
  @Consumes('inference.completed.v1')
  async onAnswer(delivery: Delivery<'inference.completed.v1', Tx>): Promise<Outcome> {
    const { study, model, outcome } = delivery.body;
    return delivery.record(async (tx) => {
      if (model === undefined) return;
      await tx.query(
        `update request set answered_at = coalesce(answered_at, now()), outcome = $5
         where study_instance_uid = $1 and revision = $2 and model_name = $3 and model_version = $4`,
        [study.studyInstanceUid, study.revision, model.name, model.version, outcome.kind],
      );
    });
  }
}
