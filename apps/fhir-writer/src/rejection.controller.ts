import { Controller, Inject } from '@nestjs/common';
import { Consumes, type Delivery, type Outcome } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { Logger } from '@sightline/platform';
import { AcceptRejection } from './reports/accept-rejection.ts';

/** instances.rejected → the reports that were made of them are withdrawn, and none is made of them any more. */
@Controller()
export class RejectionController {
  constructor(
    @Inject(AcceptRejection) private readonly rejections: AcceptRejection,
    @Inject(Logger) private readonly log: Logger,
  ) {}

  @Consumes('instances.rejected.v1')
  async onRejection(delivery: Delivery<'instances.rejected.v1', Tx>): Promise<Outcome> {
    const { body } = delivery;
    return delivery.record(async (tx) => {
      const reports = await this.rejections.accept(tx, body);
      this.log.info('rejection-applied', {
        studyInstanceUid: body.studyInstanceUid,
        reason: body.reason,
        instances: body.instances.length,
        reports,
      });
    });
  }
}
