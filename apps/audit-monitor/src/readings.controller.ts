import { Controller } from '@nestjs/common';
import { Consumes, type Delivery, type Outcome } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { recordReading } from './record-reading.ts';

/** What shadows say is compared with what the primary says of the same study. */
@Controller()
export class ReadingsController {
  @Consumes('inference.completed.v1')
  async onAnswer(delivery: Delivery<'inference.completed.v1', Tx>): Promise<Outcome> {
    return delivery.record((tx) => recordReading(tx, delivery.body));
  }
}
