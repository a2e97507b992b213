import { Controller, Inject } from '@nestjs/common';
import type { InferenceRequested } from '@sightline/contracts';
import { Consumes, type Delivery, type Outcome } from '@sightline/messaging';
import { WorkQueue, type Tx } from '@sightline/persistence';
import { queueRequest } from './queue-request.ts';

@Controller()
export class RequestController {
  constructor(@Inject(WorkQueue) private readonly queue: WorkQueue<InferenceRequested>) {}

  @Consumes('inference.requested.xray.v1')
  async onRequest(delivery: Delivery<'inference.requested.xray.v1', Tx>): Promise<Outcome> {
    return queueRequest(this.queue, delivery);
  }
}
