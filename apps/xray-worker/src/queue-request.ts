import type { InferenceRequested } from '@sightline/contracts';
import type { Delivery, Outcome } from '@sightline/messaging';
import type { Tx, WorkQueue } from '@sightline/persistence';

/** Remembers the request and nothing more: computing here would hold the partition, and the group would throw this member out. */
export async function queueRequest(
  queue: WorkQueue<InferenceRequested>,
  delivery: Delivery<'inference.requested.xray.v1', Tx>,
): Promise<Outcome> {
  const { id, body } = delivery;
  const { priority, study } = body;
  const work = { id, priority, source: study.callingAeTitle ?? '', payload: body, deadline: new Date(body.deadline) };
  return delivery.record((tx) => queue.enqueue(tx, work));
}
