import { Controller, Inject } from '@nestjs/common';
import type { ReviewRecorded } from '@sightline/contracts';
import { codes } from '@sightline/findings';
import { Consumes, Outbox, type Delivery, type Outcome } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { Logger } from '@sightline/platform';
import { audit } from './audit.ts';
import { AcceptReview, type Reviewed } from './reports/accept-review.ts';

/** review.recorded → the report, or an audit event that says why not. */
@Controller()
export class ReviewController {
  constructor(
    @Inject(AcceptReview) private readonly reviews: AcceptReview,
    @Inject(Outbox) private readonly outbox: Outbox<Tx>,
    @Inject(Logger) private readonly log: Logger,
  ) {}

  @Consumes('review.recorded.v1')
  async onReview(delivery: Delivery<'review.recorded.v1', Tx>): Promise<Outcome> {
    const { id, body, traceparent } = delivery;
    return delivery.record(async (tx) => {
      const reviewed = await this.reviews.accept(tx, body);
      await this.note(tx, id, body, reviewed, traceparent);
      this.log.info('review-decided', {
        studyInstanceUid: body.studyInstanceUid,
        model: body.model.name,
        decision: reviewed.kind,
        reason: reviewed.kind === 'refused' ? reviewed.reason : undefined,
      });
    });
  }

  private async note(
    tx: Tx,
    eventId: string,
    { studyInstanceUid, model, reviewer, report }: ReviewRecorded,
    reviewed: Reviewed,
    traceparent: string | undefined,
  ): Promise<void> {
    const applied = reviewed.kind === 'applied';
    await audit(
      this.outbox,
      tx,
      {
        type: applied ? codes.local.reviewApplied : codes.local.reviewRefused,
        what: [eventId],
        subject: studyInstanceUid,
        action: 'U',
        ...(applied ? {} : { outcome: '4', text: reviewed.reason }),
        agent: { kind: 'person', name: reviewer.subject, role: reviewer.role },
        entities: [
          { kind: 'study', id: studyInstanceUid },
          { kind: 'model', id: `${model.name}@${model.version}` },
          { kind: 'report', id: report.url, ...(applied ? { detail: reviewed.report.state } : {}) },
        ],
      },
      traceparent,
    );
  }
}
