import { Controller } from '@nestjs/common';
import { Consumes, type Delivery, type Outcome } from '@sightline/messaging';
import type { Tx } from '@sightline/persistence';
import { projectRole } from './role-projection.ts';

/** Which version plays which part is audit-monitor's to say; the next study is routed by it. */
@Controller()
export class RolesController {
  @Consumes('model.role-changed.v1')
  async onRole(delivery: Delivery<'model.role-changed.v1', Tx>): Promise<Outcome> {
    return delivery.record((tx) => projectRole(tx, delivery.body));
  }
}
