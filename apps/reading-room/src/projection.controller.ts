import { Controller } from '@nestjs/common';
import { requestTopics, type RequestTopic } from '@sightline/contracts';
import { Consumes, type Delivery, type Outcome } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { projectReport } from './filed-reports.ts';
import { projectAnswer, projectRequest, projectStudy } from './project-messages.ts';

/** What the mesh says of a study, in whatever order, becomes what the worklist shows of it. */
@Controller()
export class ProjectionController {
  @Consumes('study.received.v1')
  async onStudy(delivery: Delivery<'study.received.v1', Tx>): Promise<Outcome> {
    return delivery.record((tx) => projectStudy(tx, delivery.body));
  }

  @Consumes(...requestTopics)
  async onRequest(delivery: Delivery<RequestTopic, Tx>): Promise<Outcome> {
    return delivery.record((tx) => projectRequest(tx, delivery.body));
  }

  @Consumes('inference.completed.v1')
  async onAnswer(delivery: Delivery<'inference.completed.v1', Tx>): Promise<Outcome> {
    return delivery.record((tx) => projectAnswer(tx, delivery.body));
  }

  @Consumes('report.filed.v1')
  async onReport(delivery: Delivery<'report.filed.v1', Tx>): Promise<Outcome> {
    return delivery.record((tx) => projectReport(tx, delivery.body));
  }
}
