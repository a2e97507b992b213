import { Controller } from '@nestjs/common';
import { Consumes, type Delivery, type Outcome } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { appendToTrail } from './append-to-trail.ts';

/** What every app says of what it did, and what people said of findings, goes into one trail. */
@Controller()
export class TrailController {
  @Consumes('audit.recorded.v1')
  async onAudit(delivery: Delivery<'audit.recorded.v1', Tx>): Promise<Outcome> {
    const { topic, id, body } = delivery;
    return delivery.record((tx) => appendToTrail(tx, id, { topic, event: body }));
  }

  @Consumes('review.recorded.v1')
  async onReview(delivery: Delivery<'review.recorded.v1', Tx>): Promise<Outcome> {
    const { topic, id, body } = delivery;
    return delivery.record((tx) => appendToTrail(tx, id, { topic, event: body }));
  }
}
