import type { Tx } from '@sightline/persistence';
import type { DeliveryLease, DeliveryStore } from '../deliveries/delivery-store.ts';
import type { Touched } from '../deliveries/destination.ts';
import type { HearFeedback } from '../feedback/hear-feedback.ts';
import { lockReports } from './report-store.ts';

/** Why a destination is not told what it has not heard. */
export const answeredThere = 'answered there, and left as it is';

/** Somebody at a destination has acted on a report there: what stands there stays as it is, and the mesh hears of it. */
export class SetAside {
  constructor(
    private readonly store: DeliveryStore,
    private readonly hears: HearFeedback,
  ) {}

  async setAside(tx: Tx, lease: DeliveryLease, { now, report, memory }: Touched): Promise<void> {
    await lockReports(tx, lease.studyInstanceUid, lease.model);
    // That it was told at all may never have been written down.
    const told = lease.toldEdition === undefined ? { edition: now.edition, memory, report } : undefined;
    const isHeld = await this.store.end(tx, lease, {
      status: 'told',
      reason: answeredThere,
      ...(told === undefined ? {} : { told }),
    });
    if (isHeld) await this.hears.hear(tx, lease, lease.destination, now);
  }
}
