import { Controller, Inject, type Type } from '@nestjs/common';
import { requestTopicOf, type InferenceRequested, type RequestTopic, type Worker } from '@sightline/contracts';
import { Consumes, type Delivery, type Outcome } from '@sightline/messaging';
import { WorkQueue, type Tx } from '@sightline/persistence';

/** The controller of one worker: reads that worker's topic. */
export function requestController(worker: Worker): Type {
  @Controller()
  class RequestController {
    constructor(@Inject(WorkQueue) private readonly queue: WorkQueue<InferenceRequested>) {}

    /** Remembers the request and nothing more: computing here would hold the partition, and the group would throw this member out. */
    @Consumes(requestTopicOf(worker))
    async onRequest(delivery: Delivery<RequestTopic, Tx>): Promise<Outcome> {
      const { id, body } = delivery;
      const { priority, study, deadline } = body;
      const source = study.callingAeTitle ?? '';
      const work = { id, priority, source, payload: body, deadline: new Date(deadline) };
      return delivery.record((tx) => this.queue.enqueue(tx, work));
    }
  }
  return RequestController;
}
